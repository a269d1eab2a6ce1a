import { drain, EngineError, MemoryStorage, type LongTask, type Storage } from '#engine';

const CHUNK_SIZE = 1024 * 1024;
/** Bytes of an image that is copied into memory, to be played with there. */
const MEMORY_COPY_MAX = 1024 * 1024 * 1024;

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

export function copyToMemory(from: Storage): MemoryStorage {
  if (from.size > MEMORY_COPY_MAX) {
    throw new EngineError(
      'unsupported',
      'This image is too large for the crash lab, which works on a copy in memory.',
      {
        hint: 'Images up to 1 GiB can be taken there.',
      },
    );
  }
  const copy = new MemoryStorage();
  drain(copyStorage(from, copy));
  return copy;
}

function isZero(bytes: Uint8Array): boolean {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 8));
  return words.every((word) => word === 0n) && bytes.subarray(words.length * 8).every((byte) => byte === 0);
}
