import { HEADER } from '../format/header.ts';
import type { Purpose } from '../storage/storage.ts';
import type { Image } from './image.ts';

/** Writes the incompatible feature bits: eight aligned bytes within one sector, which a crash never tears. */
export function writeIncompatibleFeatures(image: Image, features: bigint, why: Purpose): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, features);
  image.file.write(HEADER.fields.incompatibleFeatures.at, bytes, why);
  image.header.incompatibleFeatures = features;
}
