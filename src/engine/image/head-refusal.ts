import { fieldSize } from '../bytes/struct.ts';
import { EngineError, type EngineErrorCode } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { HEADER, type HeaderFields } from '../format/header.ts';
import { EXTENSION_HEADER, type HeaderExtension } from '../format/header-extensions.ts';

/** Bytes of the image file. */
export interface BytePlace {
  readonly at: HostOffset;
  readonly length: number;
}

/** An open that ends at the head of an image; `places` are the bytes that are in its way, the first is the one to look at. */
export class HeadRefusal extends EngineError {
  readonly places: readonly BytePlace[];

  constructor(
    places: readonly BytePlace[],
    message: string,
    { code = 'invalid-image', hint }: { code?: EngineErrorCode; hint?: string } = {},
  ) {
    super(code, message, hint === undefined ? {} : { hint });
    this.places = places;
  }
}

export type HeaderField = keyof HeaderFields & keyof typeof HEADER.fields;

export function fieldPlaces(...names: readonly HeaderField[]): BytePlace[] {
  return names.map((name) => ({ at: HEADER.fields[name].at, length: fieldSize(HEADER.fields[name]) }));
}

/** The whole extension, with its kind and length. */
export function extensionPlace({ at, data }: Pick<HeaderExtension, 'at' | 'data'>): BytePlace {
  return { at, length: EXTENSION_HEADER.size + data.length };
}
