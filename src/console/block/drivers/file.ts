import { EngineError, isEngineError } from '#engine';
import { takeOption } from '../../options/options.ts';
import { strerror } from '../../text/strerror.ts';
import type { BlockDriver, DriverContext } from '../driver.ts';
import { FileNode } from '../file-node.ts';
import type { BlockNode } from '../node.ts';

/** A file of the host. */
export const FILE: BlockDriver = { name: 'file', kind: 'protocol', open: (context) => openFile('file', context) };

/** A device of the host, by its path. */
export const HOST_DEVICE: BlockDriver = {
  name: 'host_device',
  kind: 'protocol',
  open: (context) => openFile('host_device', context),
};

export const BLKDEBUG: BlockDriver = {
  name: 'blkdebug',
  kind: 'protocol',
  open: (context) => openFile('blkdebug', context),
};

export const NULL_CO: BlockDriver = {
  name: 'null-co',
  kind: 'protocol',
  open: (context) => openFile('null-co', context),
};

async function openFile(driver: string, { host, filename, flags, options }: DriverContext): Promise<BlockNode> {
  const name = filename !== '' ? filename : takeOption(options, 'filename');
  if (name === undefined)
    throw new EngineError('invalid-argument', `The '${driver}' block driver requires a file name`);
  const path = name.startsWith('file:') ? name.slice('file:'.length) : name;
  const stat = await host.files.stat(path);
  if (stat !== null && driver === 'file' && stat.kind !== 'file') {
    throw new EngineError(
      'invalid-argument',
      `Could not open '${path}': 'file' driver requires '${path}' to be a regular file`,
    );
  }
  try {
    return new FileNode(path, await host.files.open(path, flags.writable ? 'write' : 'read'), driver);
  } catch (error) {
    // A lock that somebody else has is told without the file's name before it.
    if (!isEngineError(error) || error.code === 'locked') throw error;
    throw new EngineError(error.code, `Could not open '${path}': ${strerror(error)}`, { cause: error });
  }
}
