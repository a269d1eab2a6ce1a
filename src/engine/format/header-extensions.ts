import { alignUp } from '../bytes/align.ts';
import { viewOf } from '../bytes/big-endian.ts';
import { defineStruct, type StructValue } from '../bytes/struct.ts';
import type { Storage } from '../storage/storage.ts';
import type { HostOffset } from './addresses.ts';

export const EXTENSION_END = 0x00000000;
export const EXTENSION_BACKING_FORMAT = 0xe2792aca;
export const EXTENSION_DATA_FILE = 0x44415441;
export const EXTENSION_LUKS = 0x0537be77;
export const EXTENSION_FEATURE_NAMES = 0x6803f857;
export const EXTENSION_BITMAPS = 0x23852875;

const EXTENSION_NAMES: ReadonlyMap<number, string> = new Map([
  [EXTENSION_END, 'end of extensions'],
  [EXTENSION_BACKING_FORMAT, 'backing format'],
  [EXTENSION_DATA_FILE, 'external data file name'],
  [EXTENSION_LUKS, 'full disk encryption header'],
  [EXTENSION_FEATURE_NAMES, 'feature name table'],
  [EXTENSION_BITMAPS, 'bitmaps'],
]);

/** Spec: "Header extensions". Followed by `length` bytes of data and zeros up to a multiple of 8. */
export const EXTENSION_HEADER = defineStruct('header extension', {
  magic: { at: 0, type: 'u32', meaning: 'kind of the header extension' },
  length: { at: 4, type: 'u32', meaning: 'bytes of its data, without the padding to 8' },
});

/** Spec: "Bitmaps extension". */
export const BITMAPS_EXTENSION = defineStruct('bitmaps extension', {
  bitmapCount: { at: 0, type: 'u32', meaning: 'number of bitmaps' },
  reserved: { at: 4, type: 'u32', meaning: 'must be 0' },
  directorySize: { at: 8, type: 'u64', meaning: 'bytes of the bitmap directory' },
  directoryOffset: { at: 16, type: 'u64', meaning: 'where the bitmap directory starts' },
});
export type BitmapsExtension = StructValue<typeof BITMAPS_EXTENSION.fields>;

/** Spec: "Full disk encryption header pointer". */
export const LUKS_EXTENSION = defineStruct('encryption header pointer', {
  offset: { at: 0, type: 'u64', meaning: 'where the LUKS header starts' },
  length: { at: 8, type: 'u64', meaning: 'bytes of the LUKS header with its key slots' },
});
export type LuksExtension = StructValue<typeof LUKS_EXTENSION.fields>;

export interface HeaderExtension {
  readonly magic: number;
  /** Where the extension's own 8-byte header stands. */
  readonly at: HostOffset;
  readonly data: Uint8Array;
}

/** The extension area as it stands on disk. */
export interface ExtensionArea {
  /** In file order, without the end marker. */
  readonly extensions: readonly HeaderExtension[];
  /** An extension that claims more bytes than the area has; nothing after it can be found. */
  readonly overrun: { readonly magic: number; readonly at: HostOffset; readonly length: number } | null;
  /** Where the end marker stands, if there is one. */
  readonly endMarkerAt: HostOffset | null;
}

/** Reads the extensions between the header's end and `end`: the backing file name or, without one, the cluster's end. */
export function readExtensions(storage: Storage, start: HostOffset, end: HostOffset): ExtensionArea {
  const extensions: HeaderExtension[] = [];
  const head = new Uint8Array(EXTENSION_HEADER.size);
  for (let at = start; at < end;) {
    storage.read(at, head);
    const { magic, length } = EXTENSION_HEADER.decode(head);
    if (length > end - at - EXTENSION_HEADER.size) {
      return { extensions, overrun: { magic, at, length }, endMarkerAt: null };
    }
    if (magic === EXTENSION_END) return { extensions, overrun: null, endMarkerAt: at };
    const data = new Uint8Array(length);
    storage.read(at + EXTENSION_HEADER.size, data);
    extensions.push({ magic, at, data });
    at += EXTENSION_HEADER.size + alignUp(length, 8);
  }
  return { extensions, overrun: null, endMarkerAt: null };
}

/** Encodes one extension with its padding. */
export function encodeExtension(magic: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(EXTENSION_HEADER.size + alignUp(data.length, 8));
  viewOf(bytes).setUint32(0, magic);
  viewOf(bytes).setUint32(4, data.length);
  bytes.set(data, EXTENSION_HEADER.size);
  return bytes;
}

export function encodeBitmapsExtension(value: BitmapsExtension): Uint8Array {
  const data = new Uint8Array(BITMAPS_EXTENSION.size);
  BITMAPS_EXTENSION.encode(value, data);
  return data;
}

export function encodeLuksExtension(value: LuksExtension): Uint8Array {
  const data = new Uint8Array(LUKS_EXTENSION.size);
  LUKS_EXTENSION.encode(value, data);
  return data;
}

/** The specification's name, or null for an extension that it does not define. */
export function extensionName(magic: number): string | null {
  return EXTENSION_NAMES.get(magic) ?? null;
}

/** The last extension of a kind; where one is there twice, the last one counts. */
export function lastExtension(area: ExtensionArea, magic: number): HeaderExtension | null {
  return area.extensions.findLast((extension) => extension.magic === magic) ?? null;
}
