import type { ConsoleFiles } from '../host.ts';
import { fileInUse } from './file-in-use.ts';
import { FileNode } from './file-node.ts';
import type { BlockNode } from './node.ts';

/** Before a file is written to. @throws EngineError locked where another program wants nobody else to do that */
export async function refuseKept(files: ConsoleFiles, path: string): Promise<void> {
  if ((await files.claimsOn?.(path))?.isKept === true) throw fileInUse(path, 'to-write');
}

/** Where nobody may write to a file meanwhile. @throws EngineError locked where another program writes to it */
export async function refuseWritten(files: ConsoleFiles, path: string): Promise<void> {
  if ((await files.claimsOn?.(path))?.isWritten === true) throw fileInUse(path, 'no-writer');
}

/** As {@link refuseWritten}, of the host's file that a node's bytes are in, if its locks count. */
export async function refuseWrittenBelow(files: ConsoleFiles, node: BlockNode): Promise<void> {
  let lowest = node;
  while (lowest.file !== null) lowest = lowest.file;
  if (lowest instanceof FileNode && lowest.claimedPath !== null) await refuseWritten(files, lowest.claimedPath);
}
