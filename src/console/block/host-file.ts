import { EngineError, isEngineError, type Storage } from '#engine';
import type { FileKind } from '../host.ts';
import { AIO_MODES } from '../options/aio-mode.ts';
import { takeOption, type Options } from '../options/options.ts';
import { takeSwitch } from '../options/take-values.ts';
import { strerror } from '../text/strerror.ts';
import { refuseKept, refuseWritten } from './claims.ts';
import type { DriverContext, OpenFlags } from './driver.ts';
import { FileNode } from './file-node.ts';
import type { BlockNode } from './node.ts';

const LOCKING_MODES = ['on', 'off', 'auto'];

/** Opens what has a path on the host; `judge` throws if it is not of the driver's kind. */
export async function openHostFile(
  { host, flags, options, origin }: DriverContext,
  judge: (path: string, kind: FileKind) => void,
): Promise<BlockNode> {
  const path = takeOption(options, 'filename')!;
  const { locking, aio } = takeAccess(options, flags);
  const heedsLocks = locking !== 'off' && flags.isShared !== true && flags.isJustMade !== true;
  const kind = await host.files.kindOf(path);
  // To be written, a folder cannot even be opened, which is found out before its kind is looked at.
  if (kind === 'directory' && flags.writable) refuse(path, 'Is a directory');
  if (kind !== null) judge(path, kind);
  if (heedsLocks && flags.writable) await refuseKept(host.files, path);
  if (heedsLocks && flags.refusesWriters === true) await refuseWritten(host.files, path);
  let storage: Storage;
  try {
    storage = await host.files.open(path, flags.writable ? 'write' : 'read');
  } catch (error) {
    // A lock that somebody else has is told without the file's name before it.
    if (!isEngineError(error) || error.code === 'locked') throw error;
    throw new EngineError(error.code, `Could not open '${path}': ${strerror(error)}`, { cause: error });
  }
  if (aio === 'native' && flags.isDirect !== true && flags.isReopened !== true) {
    storage.close();
    const message = 'aio=native was specified, but it requires cache.direct=on, which was not specified.';
    throw new EngineError('invalid-argument', message);
  }
  return new FileNode(origin, storage, { cacheMode: flags.cacheMode, claimedPath: heedsLocks ? path : null });
}

/** Options about how the host locks, reads and writes are judged; how it reads and writes it decides itself. */
function takeAccess(options: Options, flags: OpenFlags): { readonly locking: string; readonly aio: string } {
  const locking = takeOption(options, 'locking') ?? 'auto';
  const aio = takeOption(options, 'aio') ?? flags.aio ?? 'threads';
  if (!LOCKING_MODES.includes(locking)) throw invalidValue(locking);
  if (!AIO_MODES.includes(aio)) throw invalidValue(aio);
  for (const name of ['drop-cache', 'x-check-cache-dropped']) takeSwitch(options, name);
  for (const name of ['aio-max-batch', 'pr-manager']) options.delete(name);
  return { locking, aio };
}

function invalidValue(value: string): EngineError {
  return new EngineError('invalid-argument', `invalid parameter value: ${value}`);
}

function refuse(path: string, reason: string): never {
  throw new EngineError('invalid-argument', `Could not open '${path}': ${reason}`);
}
