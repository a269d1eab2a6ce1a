/** An unsigned big-endian field of a structure; `width` in bytes. */
export interface Field {
  readonly name: string;
  readonly width: 1 | 2 | 4 | 8;
  readonly format: (value: bigint) => string;
}

/** A structure's values by field name, in the order of its fields. */
export type Values = Map<string, bigint>;

/** The file ends before the structure does. */
export class TooShort extends Error {
  /** `length` and `available` in bytes */
  constructor(structure: string, length: number, available: number) {
    super(`The file ends within ${structure}: of ${length} bytes ${available} are there. Nothing was written.`);
  }
}

export function sizeOf(fields: readonly Field[]): number {
  return fields.reduce((sum, { width }) => sum + width, 0);
}

/** @param structure what the bytes are, for people; @throws TooShort */
export function decodeFields(structure: string, fields: readonly Field[], bytes: Uint8Array): Values {
  if (bytes.length < sizeOf(fields)) throw new TooShort(structure, sizeOf(fields), bytes.length);
  const values: Values = new Map();
  let at = 0;
  for (const { name, width } of fields) {
    values.set(name, getUint(bytes, at, width));
    at += width;
  }
  return values;
}

export function encodeFields(fields: readonly Field[], values: Values): Uint8Array {
  const bytes = new Uint8Array(sizeOf(fields));
  let at = 0;
  for (const { name, width } of fields) {
    setUint(bytes, at, width, values.get(name)!);
    at += width;
  }
  return bytes;
}

/** A line a field: the name, filled up to a column, and the value. */
export function fieldLines(fields: readonly Field[], values: Values): string {
  return fields.map(({ name, format }) => labelled(name, format(values.get(name)!))).join('');
}

export function labelled(name: string, value: string): string {
  return `${name.padEnd(25)} ${value}\n`;
}

export const decimal = (value: bigint): string => String(value);
export const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The numbers of the bits that are set. */
export function bitNumbers(value: bigint): string {
  return `[${setBits(value).join(', ')}]`;
}

export function setBits(value: bigint): number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => ((value >> BigInt(bit)) & 1n) === 1n);
}

export function getUint(bytes: Uint8Array, at: number, width: number): bigint {
  let value = 0n;
  for (let index = 0; index < width; index++) value = (value << 8n) | BigInt(bytes[at + index]!);
  return value;
}

function setUint(bytes: Uint8Array, at: number, width: number, value: bigint): void {
  for (let index = width - 1; index >= 0; index--, value >>= 8n) bytes[at + index] = Number(value & 0xffn);
}
