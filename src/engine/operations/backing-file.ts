import { EngineError } from '../errors.ts';
import { RAW_EXTERNAL_DATA_BIT } from '../format/features.ts';
import type { Image } from '../image/image.ts';
import { rewriteHeader } from '../image/rewrite-header.ts';

export interface BackingFile {
  readonly name: string;
  /** null: whoever opens it looks at its first bytes. */
  readonly format: string | null;
}

const NAME_LENGTH_MAX = 1023;

/**
 * Changes the name (and format) of the backing file in the header, and nothing else: what the disk reads where it holds
 * nothing itself changes with it. Extensions and unknown header fields are kept.
 * @throws EngineError invalid-argument (name too long, a data file that is to be the disk by itself), no-space (the header cluster is full); the header is as before then
 */
export function rewriteBackingFile(image: Image, backing: BackingFile | null): void {
  image.mustBeWritable();
  if (backing !== null && backing.format === null) {
    throw new EngineError('invalid-argument', 'backing format must be specified');
  }
  // What the data file holds must be the whole disk.
  if (backing !== null && (image.header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n) {
    throw new EngineError('invalid-argument', 'Invalid argument');
  }
  if (backing !== null && new TextEncoder().encode(backing.name).length > NAME_LENGTH_MAX) {
    throw new EngineError('invalid-argument', 'Invalid argument');
  }
  rewriteHeader(image, { backingFile: backing?.name ?? null, backingFormat: backing?.format ?? null });
}
