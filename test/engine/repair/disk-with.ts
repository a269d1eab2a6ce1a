import { closeImage, createImage, MemoryStorage, openImage, type CreateOptions, type Image } from '#engine';

/** The file of a new image after `use` did something to it, and it was closed. */
export function diskWith(options: CreateOptions, use: (image: Image) => void): MemoryStorage {
  const disk = new MemoryStorage();
  createImage(disk, options);
  const image = openImage(disk, { writable: true });
  use(image);
  closeImage(image);
  return disk;
}
