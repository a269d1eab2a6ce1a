import { EngineError, isEngineError, readHead, type Storage } from '#engine';
import type { ChainLink, ImageId } from '#protocol';
import type { Library } from '../library/library.ts';

/** A backing file as the image names it, and the image that the user gave for it. */
interface Link extends ChainLink {
  readonly owner: ImageId;
}

/**
 * The files below an image, top down, as far as they can be followed: a name alone opens nothing, only an image that the
 * user gave for it is looked into.
 */
export async function backingChain(library: Library, id: ImageId): Promise<Link[]> {
  const links: Link[] = [];
  const seen = new Set([id]);
  for (let link = await linkOf(library, id, null); link !== null;) {
    links.push(link);
    const { granted, format } = link;
    if (granted === null || seen.has(granted)) break;
    seen.add(granted);
    try {
      link = await linkOf(library, granted, format);
    } catch (error) {
      // The image itself can be looked at although a file below it cannot be read; reading through it will say why.
      if (!isEngineError(error)) throw error;
      break;
    }
  }
  return links;
}

/** Gives `backing` for the backing file that link `linkIndex` of the chain names. */
export async function grantBacking(
  library: Library,
  { id, linkIndex, backing }: { id: ImageId; linkIndex: number; backing: ImageId },
): Promise<void> {
  const link = (await backingChain(library, id))[linkIndex];
  if (link === undefined) throw new EngineError('invalid-argument', 'The image has no such backing file.');
  const below = await backingChain(library, backing);
  if (backing === link.owner || below.some(({ granted }) => granted === link.owner)) {
    throw new EngineError('backing', 'An image cannot be its own backing file.');
  }
  await library.setBacking(link.owner, backing);
}

async function linkOf(library: Library, owner: ImageId, statedFormat: string | null): Promise<Link | null> {
  const storage = await library.files.openSnapshot(owner);
  try {
    if (backingFormatOf(storage, statedFormat) === 'raw') return null;
    const { backingFile, backingFormat } = readHead(storage, { writable: false, checkMode: true });
    if (backingFile === null) return null;
    return { owner, name: backingFile, format: backingFormat, granted: await library.backingOf(owner) };
  } finally {
    storage.close();
  }
}

/** What an image says of its backing file; where it says nothing, the first bytes decide as in QEMU. */
export function backingFormatOf(storage: Storage, stated: string | null): 'qcow2' | 'raw' {
  if (stated === 'qcow2' || stated === 'raw') return stated;
  if (stated !== null) throw new EngineError('backing', `Could not open backing file: Unknown driver '${stated}'`);
  const magic = new Uint8Array(4);
  storage.read(0, magic);
  return magic.every((byte, index) => byte === [0x51, 0x46, 0x49, 0xfb][index]) ? 'qcow2' : 'raw';
}
