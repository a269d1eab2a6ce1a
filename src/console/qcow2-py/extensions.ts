import type { Storage } from '#engine';
import { Bitmaps, BITMAPS_SIZE } from './bitmaps.ts';
import { decimal, decodeFields, fieldLines, hex, labelled, sizeOf, type Field, type Values } from './fields.ts';
import { asciiText, isPrintable, type Json } from './python-text.ts';
import { readPart } from './read-part.ts';

const BITMAPS_MAGIC = 0x23852875n;

const NAMES: Readonly<Record<string, string>> = {
  [String(0xe2792aca)]: 'Backing format',
  [String(0x6803f857)]: 'Feature table',
  [String(0x0537be77)]: 'Crypto header',
  [String(BITMAPS_MAGIC)]: 'Bitmaps',
  [String(0x44415441)]: 'Data file',
};

const FIELDS: readonly Field[] = [
  { name: 'magic', width: 4, format: (magic) => `${hex(magic)} (${nameOf(magic)})` },
  { name: 'length', width: 4, format: decimal },
];

/** A header extension as it stands in the file. */
export interface Extension {
  readonly magic: bigint;
  readonly length: bigint;
  /** With the padding to a multiple of eight. */
  readonly data: Uint8Array;
  readonly bitmaps: Bitmaps | null;
}

export function newExtension(magic: bigint, data: Uint8Array): Extension {
  const padded = new Uint8Array(Math.ceil(data.length / 8) * 8);
  padded.set(data);
  return { magic, length: BigInt(data.length), data: padded, bitmaps: null };
}

/** The extensions from `start` on, up to the one that ends them or to `end`. @throws TooShort */
export function readExtensions(storage: Storage, start: number, end: number, clusterSize: number): Extension[] {
  const extensions: Extension[] = [];
  for (let at = start; at < end;) {
    const values = decodeFields('a header extension', FIELDS, readPart(storage, at, sizeOf(FIELDS)));
    const [magic, length] = [values.get('magic')!, values.get('length')!];
    if (magic === 0n) break;
    at += sizeOf(FIELDS);
    const isBitmaps = magic === BITMAPS_MAGIC;
    const padded = isBitmaps ? BITMAPS_SIZE : Math.ceil(Number(length) / 8) * 8;
    const data = readPart(storage, at, padded);
    const bitmaps = isBitmaps ? new Bitmaps(storage, data, clusterSize) : null;
    extensions.push({ magic, length, data, bitmaps });
    at += data.length;
  }
  return extensions;
}

/** The bytes of all extensions and of the one that ends them. */
export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  const parts = [...extensions, newExtension(0n, new Uint8Array(0))].map(({ magic, length, data }) => {
    const bytes = new Uint8Array(sizeOf(FIELDS) + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Number(magic));
    view.setUint32(4, Number(length));
    bytes.set(data, sizeOf(FIELDS));
    return bytes;
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function extensionText(extension: Extension): string {
  const data = extension.bitmaps?.text() ?? labelled('data', dataText(extension));
  return fieldLines(FIELDS, valuesOf(extension)) + data;
}

export function extensionJson(extension: Extension): Json {
  const { magic, bitmaps } = extension;
  return {
    name: nameOf(magic),
    ...Object.fromEntries(valuesOf(extension)),
    ...(bitmaps === null ? { data_str: dataText(extension) } : { data: bitmaps.json() }),
  };
}

function valuesOf({ magic, length }: Extension): Values {
  return new Map([
    ['magic', magic],
    ['length', length],
  ]);
}

function dataText({ data, length }: Extension): string {
  const content = data.subarray(0, Number(length));
  return isPrintable(content) ? `'${asciiText(content)}'` : '<binary>';
}

function nameOf(magic: bigint): string {
  return NAMES[String(magic)] ?? '<unknown>';
}
