import { EngineError } from '#engine';
import { folderOf } from './node-name.ts';
import type { BlockNode } from './node.ts';
import { hasProtocol, isAbsolute, joinPath } from './path.ts';

/**
 * The backing file's name as to be opened, for an image that is known by name only.
 * @throws EngineError invalid-argument if the image's name has no folder
 */
export function backingNameOf(overlay: string, backing: string): string {
  if (hasProtocol(backing) || isAbsolute(backing)) return backing;
  if (overlay === '' || overlay.startsWith('json:')) {
    throw new EngineError('invalid-argument', `Cannot use relative backing file names for '${overlay}'`);
  }
  return joinPath(overlay, backing);
}

/**
 * The backing file's name as to be opened, for an open image: a relative one counts from the folder of the file that the
 * image is in, under whatever drivers that lies.
 * @throws EngineError invalid-argument if there is no such folder
 */
export function backingNameBeside(overlay: BlockNode, backing: string): string {
  return hasProtocol(backing) || isAbsolute(backing) ? backing : folderOf(overlay) + backing;
}
