import type { Storage } from '#engine';

/** The same bytes, but closing leaves the storage open: closing an image closes its storage, and a sample goes on with it. */
export function keptOpen(storage: Storage): Storage {
  return {
    get size() {
      return storage.size;
    },
    isReadOnly: storage.isReadOnly,
    read: (at, into) => storage.read(at, into),
    write: (at, bytes, why) => storage.write(at, bytes, why),
    truncate: (size, why) => storage.truncate(size, why),
    discard: (at, length, why) => storage.discard(at, length, why),
    flush: (why) => storage.flush(why),
    close: () => undefined,
  };
}
