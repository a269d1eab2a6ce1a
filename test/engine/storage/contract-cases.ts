import { isEngineError, type EngineErrorCode, type Storage } from '#engine';

export interface Bench {
  /** The storage under test, empty. */
  readonly storage: Storage;
  /** Opens it again after it was closed; what was flushed is there. */
  reopen(): Promise<Storage>;
  /** The bytes survive closing. */
  readonly isPersistent: boolean;
}

/**
 * The contract of src/engine/storage/storage.ts, case by case. Nothing here knows the test runner, so that the cases also
 * run in a worker, the only place where a browser's files can be used synchronously. A case fails by throwing.
 */
export const STORAGE_CONTRACT: Readonly<Record<string, (bench: Bench) => void | Promise<void>>> = {
  'starts empty and reads zeros past its end, over whatever stood in the buffer': ({ storage }) => {
    same(storage.size, 0);
    const into = new Uint8Array(100).fill(7);
    storage.read(12345, into);
    expectBytes(into, new Uint8Array(100));
  },
  'reads back what was written, at odd offsets and across 64 KiB borders': ({ storage }) => {
    const bytes = pattern(200_001);
    storage.write(65_531, bytes, 'guest-data');
    same(storage.size, 65_531 + 200_001);
    expectBytes(readBack(storage, 65_531, bytes.length), bytes);
    expectBytes(readBack(storage, 100_000, 70_000), bytes.subarray(100_000 - 65_531, 170_000 - 65_531));
  },
  'reads zeros in the gap before a write past the end, and after the end': ({ storage }) => {
    storage.write(10, pattern(5), 'guest-data');
    storage.write(1_000_000, pattern(3), 'guest-data');
    same(storage.size, 1_000_003);
    expectBytes(readBack(storage, 15, 4096), new Uint8Array(4096));
    expectBytes(readBack(storage, 999_999, 8), new Uint8Array([0, ...pattern(3), 0, 0, 0, 0]));
  },
  'overwrites a part and keeps the rest': ({ storage }) => {
    storage.write(0, new Uint8Array(200_000).fill(1), 'guest-data');
    storage.write(65_000, new Uint8Array(70_000).fill(2), 'guest-data');
    same(storage.size, 200_000);
    expectBytes(readBack(storage, 64_999, 2), new Uint8Array([1, 2]));
    expectBytes(readBack(storage, 134_999, 2), new Uint8Array([2, 1]));
  },
  'leaves the size alone when nothing is written': ({ storage }) => {
    storage.write(5000, new Uint8Array(0), 'guest-data');
    same(storage.size, 0);
  },
  'does not keep the buffers it was given': ({ storage }) => {
    const bytes = pattern(10);
    storage.write(0, bytes, 'guest-data');
    bytes.fill(0);
    const into = readBack(storage, 0, 10);
    expectBytes(into, pattern(10));
    into.fill(9);
    expectBytes(readBack(storage, 0, 10), pattern(10));
  },
  'grows with zeros, and never shows again what was cut off': ({ storage }) => {
    storage.write(0, new Uint8Array(150_000).fill(5), 'guest-data');
    storage.truncate(70_000, 'truncate');
    same(storage.size, 70_000);
    expectBytes(readBack(storage, 69_998, 4), new Uint8Array([5, 5, 0, 0]));
    storage.truncate(300_000, 'truncate');
    same(storage.size, 300_000);
    expectBytes(readBack(storage, 69_998, 4), new Uint8Array([5, 5, 0, 0]));
    expectBytes(readBack(storage, 100_000, 200_000), new Uint8Array(200_000));
    storage.write(200_000, pattern(4), 'guest-data');
    expectBytes(readBack(storage, 199_999, 6), new Uint8Array([0, ...pattern(4), 0]));
  },
  'discards to zeros or leaves the bytes, the size and the neighbours as they are': ({ storage }) => {
    const ones = new Uint8Array(300_000).fill(1);
    storage.write(0, ones, 'guest-data');
    storage.discard(60_000, 200_000, 'discard');
    same(storage.size, 300_000);
    expectBytes(readBack(storage, 0, 60_000), ones.subarray(0, 60_000));
    expectBytes(readBack(storage, 260_000, 40_000), ones.subarray(0, 40_000));
    same(
      readBack(storage, 60_000, 200_000).every((byte) => byte === 0 || byte === 1),
      true,
    );
  },
  'does not grow by a discard that reaches past the end': ({ storage }) => {
    storage.write(0, pattern(1000), 'guest-data');
    storage.discard(500, 1_000_000, 'discard');
    storage.discard(5_000_000, 4096, 'discard');
    same(storage.size, 1000);
    expectBytes(readBack(storage, 0, 500), pattern(1000).subarray(0, 500));
  },
  'reads the same whatever it was told of what would be read': ({ storage }) => {
    const bytes = pattern(400_000);
    storage.write(0, bytes, 'guest-data');
    const told = [350_000, 70_000, 3, 200_000, 399_999, 2 ** 40].map((at) => ({ at, length: 1000 }));
    storage.willRead?.(told);
    storage.write(70_500, new Uint8Array(200), 'guest-data');
    bytes.fill(0, 70_500, 70_700);
    for (const { at } of [...told, { at: 130_000 }]) {
      const expected = new Uint8Array(1000);
      expected.set(bytes.subarray(at, at + 1000));
      expectBytes(readBack(storage, at, 1000), expected);
    }
  },
  'takes offsets far beyond 4 GiB': ({ storage }) => {
    const far = 5 * 2 ** 30 + 3;
    storage.truncate(6 * 2 ** 30, 'create');
    storage.truncate(0, 'truncate');
    expectBytes(readBack(storage, far, 4), new Uint8Array(4));
  },
  'refuses every access once closed, and closes twice without complaint': ({ storage }) => {
    storage.close();
    storage.close();
    for (const access of [
      () => storage.read(0, new Uint8Array(1)),
      () => storage.write(0, new Uint8Array(1), 'guest-data'),
      () => storage.truncate(1, 'truncate'),
      () => storage.discard(0, 1, 'discard'),
      () => storage.flush('flush-guest'),
    ]) {
      same(codeOf(access), 'closed');
    }
  },
  'keeps flushed bytes, sizes and cuts over closing and opening again': async (bench) => {
    let { storage } = bench;
    if (!bench.isPersistent) return;
    storage.write(0, pattern(100_000), 'guest-data');
    storage.flush('flush-guest');
    storage.truncate(90_000, 'truncate');
    storage.write(131_072, pattern(10), 'guest-data');
    storage.flush('flush-guest');
    storage.close();
    storage = await bench.reopen();
    same(storage.size, 131_082);
    expectBytes(readBack(storage, 0, 90_000), pattern(100_000).subarray(0, 90_000));
    expectBytes(readBack(storage, 90_000, 131_072 - 90_000), new Uint8Array(131_072 - 90_000));
    expectBytes(readBack(storage, 131_072, 10), pattern(10));
  },
  'agrees with an array of bytes over a long random history': async (bench) => {
    let { storage } = bench;
    const seed = 20_261_123;
    const random = randomOf(seed);
    let model = new Uint8Array(0);
    for (let step = 0; step < 200; step++) {
      const at = random(400_000);
      const length = random(100_000) + 1;
      switch (random(6)) {
        case 0:
        case 1:
        case 2: {
          const bytes = pattern(length, random(250) + 1);
          storage.write(at, bytes, 'guest-data');
          if (at + length > model.length) model = grown(model, at + length);
          model.set(bytes, at);
          break;
        }
        case 3:
          storage.truncate(at, 'truncate');
          model = grown(model.subarray(0, at), at);
          break;
        case 4:
          storage.flush('flush-guest');
          if (!bench.isPersistent || random(4) > 0) break;
          storage.close();
          storage = await bench.reopen();
          break;
        case 5:
          expectBytes(
            readBack(storage, at, length),
            grown(model.subarray(at, at + length), length),
            `seed ${seed}, step ${step}`,
          );
      }
      same(storage.size, model.length, `seed ${seed}, step ${step}`);
    }
    expectBytes(readBack(storage, 0, model.length), model, `seed ${seed}`);
  },
};

export function readBack(storage: Storage, at: number, length: number): Uint8Array {
  const into = new Uint8Array(length).fill(0xee);
  storage.read(at, into);
  return into;
}

/** Compares long byte arrays in a moment, where `toEqual` takes seconds. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array, note = ''): void {
  same(actual.length, expected.length, note);
  const index = actual.findIndex((byte, at) => byte !== expected[at]);
  if (index >= 0) throw new Error(`byte ${index} is ${actual[index]} instead of ${expected[index]} ${note}`);
}

function same<T>(actual: T, expected: T, note = ''): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)} ${note}`);
}

/** Bytes that differ from their neighbours and from zero. */
export function pattern(length: number, first = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = ((index * 7 + first) % 255) + 1;
  return bytes;
}

export function codeOf(access: () => unknown): EngineErrorCode | 'none' {
  try {
    access();
    return 'none';
  } catch (error) {
    if (isEngineError(error)) return error.code;
    throw error;
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
}

/** Whole numbers below a limit, the same for the same seed (mulberry32). */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
