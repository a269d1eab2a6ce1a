import { EngineError } from '#engine';
import { takeOption, textOf } from '../../options/options.ts';
import { takeNumber } from '../../options/take-values.ts';
import type { BlockDriver } from '../driver.ts';
import { NbdClient } from '../nbd/client.ts';
import { parseServerName, takeServerAddress, uriOf } from '../nbd/server-address.ts';
import { EXPORT_FLAG } from '../nbd/wire.ts';
import { NbdNode } from '../nbd/nbd-node.ts';

/** An export of an NBD server. */
export const NBD: BlockDriver = {
  name: 'nbd',
  kind: 'protocol',
  prefixes: ['nbd', 'nbd+tcp', 'nbd+unix'],
  strongOptions: ['path', 'host', 'port', 'export', 'server.'],
  parseFilename: parseServerName,
  exactName: (node) => {
    const options = new Map(node.origin.options);
    const exportName = options.get('export');
    return uriOf(takeServerAddress(options), exportName === undefined ? null : textOf(exportName));
  },
  open({ host, options, origin, flags }) {
    const address = takeServerAddress(options);
    const exportName = takeOption(options, 'export') ?? '';
    const openPatience = (takeNumber(options, 'open-timeout') ?? 0) * 1000;
    const reconnectPatience = (takeNumber(options, 'reconnect-delay') ?? 0) * 1000;
    const client = new NbdClient(host, { address, exportName, openPatience, reconnectPatience });
    const isReadOnlyExport = (client.info.flags & EXPORT_FLAG.readOnly) !== 0;
    if (isReadOnlyExport && flags.writable) {
      client.close();
      throw new EngineError('permission', 'Could not open image: Permission denied');
    }
    return Promise.resolve(new NbdNode(origin, client, isReadOnlyExport || !flags.writable));
  },
};
