import { EngineError } from '#engine';
import type { BlockDriver } from '../driver.ts';
import { openHostFile } from '../host-file.ts';
import { withoutProtocol } from '../path.ts';

/** A device of the host, by its path. */
export const HOST_DEVICE = deviceDriver('host_device');
export const HOST_CDROM = deviceDriver('host_cdrom');

function deviceDriver(name: string): BlockDriver {
  return {
    name,
    kind: 'protocol',
    prefixes: [name],
    needsFilename: true,
    parseFilename: (filename, options) => options.set('filename', withoutProtocol(filename, name)),
    open: (context) =>
      openHostFile(context, (path, kind) => {
        if (kind === 'character-device' || kind === 'block-device') return;
        throw new EngineError(
          'invalid-argument',
          `'${name}' driver requires '${path}' to be either a character or block device`,
        );
      }),
  };
}
