import type { GuestSource } from './guest-source.ts';
import type { Image } from './image.ts';
import { readAt } from './read.ts';
import { readsZero } from './write-run.ts';
import type { Storage } from '../storage/storage.ts';

/** An open qcow2 image as a backing file or as the input of a copy. */
export function imageSource(image: Image): GuestSource {
  return {
    get virtualSize() {
      return image.virtualSize;
    },
    readAt: (at, into) => readAt(image, at, into),
    zeroRunAt: (at, lengthMax) => (readsZero(image, at, at + lengthMax) ? lengthMax : 0),
    close: () => image.storage.close(),
  };
}

/** A raw file as a backing file: its bytes are the disk, its length rounded up to 512 the size. */
export function rawSource(storage: Storage): GuestSource {
  return {
    get virtualSize() {
      return Math.ceil(storage.size / 512) * 512;
    },
    readAt: (at, into) => storage.read(at as number, into),
    zeroRunAt: (at, lengthMax) => (at >= storage.size ? lengthMax : 0),
    close: () => storage.close(),
  };
}
