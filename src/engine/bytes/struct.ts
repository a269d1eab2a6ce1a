import { getU64, setU64, viewOf } from './big-endian.ts';

/** u64 decodes to a number (see `getU64`), flags64 to a bigint because every bit counts. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'flags64';

export interface FieldSpec {
  /** Byte offset within the structure. */
  readonly at: number;
  readonly type: FieldType;
  /** One phrase for people: what the field says. */
  readonly meaning: string;
}

type ValueOf<F extends FieldSpec> = F['type'] extends 'flags64' ? bigint : number;
export type StructValue<S extends Record<string, FieldSpec>> = { -readonly [K in keyof S]: ValueOf<S[K]> };

const SIZE_OF: Record<FieldType, number> = { u8: 1, u16: 2, u32: 4, u64: 8, flags64: 8 };

export interface StructLayout<S extends Record<string, FieldSpec>> {
  readonly name: string;
  readonly fields: S;
  /** Bytes covered, up to the end of the last field. */
  readonly size: number;
  /** Decodes at `offset`; fields past the end of `bytes` read as zero. Never throws. */
  decode(bytes: Uint8Array, offset?: number): StructValue<S>;
  encode(value: StructValue<S>, into: Uint8Array, offset?: number): void;
}

/** Declares a big-endian structure once; the same table decodes, encodes and labels bytes in the hex view. */
export function defineStruct<const S extends Record<string, FieldSpec>>(name: string, fields: S): StructLayout<S> {
  const entries = Object.entries(fields);
  const size = Math.max(...entries.map(([, f]) => f.at + SIZE_OF[f.type]));
  return {
    name,
    fields,
    size,
    decode(bytes, offset = 0) {
      const whole = bytes.length - offset >= size ? bytes.subarray(offset) : padded(bytes.subarray(offset), size);
      const view = viewOf(whole);
      return Object.fromEntries(entries.map(([key, f]) => [key, readField(view, f)])) as StructValue<S>;
    },
    encode(value, into, offset = 0) {
      const view = viewOf(into.subarray(offset));
      for (const [key, f] of entries) writeField(view, f, (value as Record<string, number | bigint>)[key]!);
    },
  };
}

export function fieldSize(field: FieldSpec): number {
  return SIZE_OF[field.type];
}

function readField(view: DataView, { at, type }: FieldSpec): number | bigint {
  switch (type) {
    case 'u8':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at);
    case 'u32':
      return view.getUint32(at);
    case 'u64':
      return getU64(view, at);
    case 'flags64':
      return view.getBigUint64(at);
  }
}

function writeField(view: DataView, { at, type }: FieldSpec, value: number | bigint): void {
  switch (type) {
    case 'u8':
      return view.setUint8(at, Number(value));
    case 'u16':
      return view.setUint16(at, Number(value));
    case 'u32':
      return view.setUint32(at, Number(value));
    case 'u64':
      return setU64(view, at, Number(value));
    case 'flags64':
      return view.setBigUint64(at, BigInt(value));
  }
}

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const whole = new Uint8Array(size);
  whole.set(bytes);
  return whole;
}
