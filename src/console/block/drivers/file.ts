import { EngineError } from '#engine';
import type { BlockDriver } from '../driver.ts';
import { openHostFile } from '../host-file.ts';
import { withoutProtocol } from '../path.ts';

/** A regular file of the host. */
export const FILE: BlockDriver = {
  name: 'file',
  kind: 'protocol',
  prefixes: ['file'],
  needsFilename: true,
  parseFilename: (filename, options) => options.set('filename', withoutProtocol(filename, 'file')),
  open: (context) =>
    openHostFile(context, (path, kind) => {
      if (kind === 'file') return;
      throw new EngineError('invalid-argument', `'file' driver requires '${path}' to be a regular file`);
    }),
};
