import { EngineError } from '#engine';
import type { ConsoleFiles } from '../host.ts';
import { FileNode } from './file-node.ts';
import type { BlockNode } from './node.ts';

/** Before a file is written to. @throws EngineError locked where another program wants nobody else to do that */
export async function refuseKept(files: ConsoleFiles, path: string): Promise<void> {
  if ((await files.claimsOn?.(path))?.isKept === true) throw inUse(path, 'Failed to get "write" lock');
}

/** Where nobody may write to a file meanwhile. @throws EngineError locked where another program writes to it */
export async function refuseWritten(files: ConsoleFiles, path: string): Promise<void> {
  if ((await files.claimsOn?.(path))?.isWritten === true) throw inUse(path, 'Failed to get shared "write" lock');
}

/** As {@link refuseWritten}, of the host's file that a node's bytes are in, if its locks count. */
export async function refuseWrittenBelow(files: ConsoleFiles, node: BlockNode): Promise<void> {
  let lowest = node;
  while (lowest.file !== null) lowest = lowest.file;
  if (lowest instanceof FileNode && lowest.claimedPath !== null) await refuseWritten(files, lowest.claimedPath);
}

function inUse(path: string, message: string): EngineError {
  return new EngineError('locked', message, { hint: `Is another process using the image [${path}]?` });
}
