import { openImage, readHead, type Image, type ImageHead, type Storage } from '#engine';
import type { ImageId } from '#protocol';
import type { Library } from '../library/library.ts';
import { withParts } from './image-parts.ts';

/**
 * Runs `work` on the image, opened for reading with all that belongs to it, or with what finding its data takes. The file
 * is not touched.
 */
export function withImage<T>(
  library: Library,
  { id, use }: { id: ImageId; use: 'tables-only' | 'look' },
  work: (image: Image) => Promise<T> | T,
): Promise<T> {
  return library.look(id, (storage) =>
    withParts(library, { id, storage, use }, (parts) => work(openImage(storage, parts))),
  );
}

/** The head as far as it can be read: what a check could mend is no obstacle to looking at it. */
export function readHeadToLook(storage: Storage): ImageHead {
  try {
    return readHead(storage, { writable: false });
  } catch {
    // Fails with the same error where even a check could not open it.
    return readHead(storage, { writable: false, checkMode: true });
  }
}
