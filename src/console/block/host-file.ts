import { EngineError, isEngineError, type Storage } from '#engine';
import type { FileStat } from '../host.ts';
import { takeOption } from '../options/options.ts';
import { strerror } from '../text/strerror.ts';
import type { DriverContext } from './driver.ts';
import { FileNode } from './file-node.ts';
import type { BlockNode } from './node.ts';

/** Options about how the host reads and writes; the host here decides that itself. */
const IGNORED_OPTIONS = ['aio', 'aio-max-batch', 'drop-cache', 'locking', 'pr-manager', 'x-check-cache-dropped'];

/** Opens what has a path on the host; `judge` throws if it is not of the driver's kind. */
export async function openHostFile(
  { host, flags, options, origin }: DriverContext,
  judge: (path: string, kind: FileStat['kind']) => void,
): Promise<BlockNode> {
  const path = takeOption(options, 'filename')!;
  for (const name of IGNORED_OPTIONS) options.delete(name);
  const stat = await host.files.stat(path);
  // To be written, a folder cannot even be opened, which is found out before its kind is looked at.
  if (stat?.kind === 'directory' && flags.writable) refuse(path, 'Is a directory');
  if (stat !== null) judge(path, stat.kind);
  let storage: Storage;
  try {
    storage = await host.files.open(path, flags.writable ? 'write' : 'read');
  } catch (error) {
    // A lock that somebody else has is told without the file's name before it.
    if (!isEngineError(error) || error.code === 'locked') throw error;
    throw new EngineError(error.code, `Could not open '${path}': ${strerror(error)}`, { cause: error });
  }
  return new FileNode(origin, storage, flags.cacheMode);
}

function refuse(path: string, reason: string): never {
  throw new EngineError('invalid-argument', `Could not open '${path}': ${reason}`);
}
