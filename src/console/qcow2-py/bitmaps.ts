import { EngineError, type Storage } from '#engine';
import {
  decimal,
  decodeFields,
  fieldLines,
  getUint,
  hex,
  labelled,
  setBits,
  sizeOf,
  TooShort,
  type Field,
  type Values,
} from './fields.ts';
import { asciiText, isAscii, type Json } from './python-text.ts';
import { readPart } from './read-part.ts';

const EXTENSION: readonly Field[] = [
  { name: 'nb_bitmaps', width: 4, format: decimal },
  { name: 'reserved32', width: 4, format: decimal },
  { name: 'bitmap_directory_size', width: 8, format: hex },
  { name: 'bitmap_directory_offset', width: 8, format: hex },
];

const ENTRY: readonly Field[] = [
  { name: 'bitmap_table_offset', width: 8, format: hex },
  { name: 'bitmap_table_size', width: 4, format: decimal },
  { name: 'flags', width: 4, format: flagsText },
  { name: 'type', width: 1, format: decimal },
  { name: 'granularity_bits', width: 1, format: decimal },
  { name: 'name_size', width: 2, format: decimal },
  { name: 'extra_data_size', width: 4, format: decimal },
];

/** Bytes of the extension's data, whatever its length field says. */
export const BITMAPS_SIZE = sizeOf(EXTENSION);

interface Bitmap {
  readonly name: string;
  readonly values: Values;
  readonly table: readonly TableEntry[];
}

interface TableEntry {
  readonly type: 'invalid' | 'serialized' | 'all-ones' | 'all-zeroes';
  readonly offset: bigint;
  readonly reserved: bigint;
}

/** The bitmaps extension with everything that it leads to: the directory and the tables. */
export class Bitmaps {
  readonly #values: Values;
  readonly #clusterSize: number;
  readonly #bitmaps: readonly Bitmap[];

  /** @throws TooShort where the file ends too early; EngineError invalid-image for what cannot be */
  constructor(storage: Storage, data: Uint8Array, clusterSize: number) {
    this.#values = decodeFields('the bitmaps extension', EXTENSION, data);
    this.#clusterSize = clusterSize;
    this.#bitmaps = directoryOf(storage, this.#values);
  }

  text(): string {
    const bitmaps = this.#bitmaps.map(({ name, values, table }) => {
      const size = ({ type }: TableEntry) => (type === 'serialized' ? this.#clusterSize : 0);
      const rows = table.map((entry, index) =>
        row(String(index), entry.type, String(size(entry)), String(entry.offset)),
      );
      return `\n${labelled('Bitmap name', name)}${fieldLines(ENTRY, values)}${row('Bitmap table', 'type', 'size', 'offset')}${rows.join('')}`;
    });
    return fieldLines(EXTENSION, this.#values) + bitmaps.join('');
  }

  json(): Json {
    const directory = this.#bitmaps.map(({ name, values, table }) => ({
      name,
      ...Object.fromEntries(values),
      bitmap_table: table.map(({ type, offset, reserved }) => ({ type, offset, reserved })),
    }));
    return { ...Object.fromEntries(this.#values), bitmap_directory: directory };
  }
}

function directoryOf(storage: Storage, extension: Values): Bitmap[] {
  const bitmaps: Bitmap[] = [];
  let at = Number(extension.get('bitmap_directory_offset'));
  for (let index = 0n; index < extension.get('nb_bitmaps')!; index++) {
    const values = decodeFields('the bitmap directory', ENTRY, readPart(storage, at, sizeOf(ENTRY)));
    const [nameSize, extraSize] = [Number(values.get('name_size')), Number(values.get('extra_data_size'))];
    const name = readPart(storage, at + sizeOf(ENTRY) + extraSize, nameSize);
    if (!isAscii(name)) {
      throw new EngineError('invalid-image', `The name of bitmap ${index} is not ASCII. Nothing was written.`);
    }
    bitmaps.push({ name: asciiText(name), values, table: tableOf(storage, values) });
    at += Math.ceil((sizeOf(ENTRY) + nameSize + extraSize) / 8) * 8;
  }
  return bitmaps;
}

const RESERVED = 0xff000000000001fen;
const OFFSET = 0x00fffffffffffe00n;

function tableOf(storage: Storage, entry: Values): TableEntry[] {
  const count = Number(entry.get('bitmap_table_size'));
  const bytes = readPart(storage, Number(entry.get('bitmap_table_offset')), count * 8);
  if (bytes.length < count * 8) throw new TooShort('a bitmap table', count * 8, bytes.length);
  return Array.from({ length: count }, (_, index) => tableEntryOf(getUint(bytes, index * 8, 8)));
}

function tableEntryOf(entry: bigint): TableEntry {
  const offset = entry & OFFSET;
  const isOnes = (entry & 1n) === 1n;
  const type = offset !== 0n ? (isOnes ? 'invalid' : 'serialized') : isOnes ? 'all-ones' : 'all-zeroes';
  return { type, offset, reserved: entry & RESERVED };
}

const FLAGS: Readonly<Record<number, string>> = { 0: 'in-use', 1: 'auto' };

function flagsText(value: bigint): string {
  const names = setBits(value).map((bit) => `'${FLAGS[bit] ?? `bit-${bit}`}'`);
  return `${hex(value)} ([${names.join(', ')}])`;
}

function row(index: string, type: string, size: string, offset: string): string {
  return `${index.padEnd(14)} ${type.padEnd(15)} ${size.padEnd(12)} ${offset}\n`;
}
