import type { LongTask, Storage } from '#engine';

const CHUNK_SIZE = 1024 * 1024;

/** Copies all bytes; stretches of zeros are left as holes, so that a sparse image stays small. */
export function* copyStorage(from: Storage, to: Storage): LongTask<void> {
  const chunk = new Uint8Array(CHUNK_SIZE);
  to.truncate(from.size, 'create');
  for (let at = 0; at < from.size; at += CHUNK_SIZE) {
    const bytes = chunk.subarray(0, Math.min(CHUNK_SIZE, from.size - at));
    from.read(at, bytes);
    if (!isZero(bytes)) to.write(at, bytes, 'create');
    yield { phase: 'copy', done: at + bytes.length, total: from.size };
  }
  to.flush('flush-close');
}

function isZero(bytes: Uint8Array): boolean {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 8));
  return words.every((word) => word === 0n) && bytes.subarray(words.length * 8).every((byte) => byte === 0);
}
