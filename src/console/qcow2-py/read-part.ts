import { EngineError, type Storage } from '#engine';

/** A structure of a sound image is far smaller; a larger length comes from a broken field. */
const LENGTH_MAX = 64 * 1024 * 1024;

/** Where no file has a byte: host offsets are signed numbers of 64 bits. */
const OFFSET_END = 2 ** 63;

/** Bytes of a file, fewer where it ends. @throws EngineError invalid-image for an absurd length or offset */
export function readPart(storage: Storage, at: number, length: number): Uint8Array {
  if (at >= OFFSET_END) {
    throw new EngineError(
      'invalid-image',
      'An offset field points further than a file can reach. Nothing was written.',
    );
  }
  const available = Math.max(0, Math.min(length, storage.size - at));
  if (available > LENGTH_MAX) {
    throw new EngineError(
      'invalid-image',
      `A length field says ${length} bytes at offset ${at}, which cannot be. Nothing was written.`,
    );
  }
  const bytes = new Uint8Array(available);
  storage.read(at, bytes);
  return bytes;
}
