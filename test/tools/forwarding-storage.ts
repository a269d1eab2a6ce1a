import type { Storage } from '#engine';

/** Passes everything on to a storage: what a test wants otherwise is assigned over it. */
export function forwarding(storage: Storage): Storage {
  return {
    isReadOnly: storage.isReadOnly,
    get size() {
      return storage.size;
    },
    read: (at, into) => storage.read(at, into),
    write: (at, bytes, why) => storage.write(at, bytes, why),
    truncate: (size, why) => storage.truncate(size, why),
    discard: (at, length, why) => storage.discard(at, length, why),
    flush: (why) => storage.flush(why),
    close: () => storage.close(),
  };
}
