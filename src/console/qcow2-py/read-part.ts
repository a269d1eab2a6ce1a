import { EngineError, type Storage } from '#engine';

/** A structure of a sound image is far smaller; a larger length comes from a broken field. */
const LENGTH_MAX = 64 * 1024 * 1024;

/** Bytes of a file, fewer where it ends. @throws EngineError invalid-image for an absurd length */
export function readPart(storage: Storage, at: number, length: number): Uint8Array {
  const available = Math.max(0, Math.min(length, storage.size - at));
  if (available > LENGTH_MAX) {
    throw new EngineError('invalid-image', `A length field says ${length} bytes at offset ${at}, which cannot be.`);
  }
  const bytes = new Uint8Array(available);
  storage.read(at, bytes);
  return bytes;
}
