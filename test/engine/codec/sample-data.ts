/** A reproducible source of numbers: `random(n)` gives one of 0 … n - 1. */
export type Random = (count: number) => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count);
  };
}

type Fill = (into: Uint8Array, random: Random) => void;

/** Kinds of content that a disk holds and that exercise different parts of a codec. */
export const SAMPLE_KINDS = {
  zeros: (into) => into.fill(0),
  'one byte repeated': (into, random) => into.fill(1 + random(255)),
  noise: (into, random) => {
    for (let i = 0; i < into.length; i++) into[i] = random(256);
  },
  'few symbols': (into, random) => {
    const symbolCount = 2 + random(14);
    for (let i = 0; i < into.length; i++) into[i] = random(1 + random(symbolCount)) * 7;
  },
  'skewed bytes': (into, random) => {
    for (let i = 0; i < into.length; i++) into[i] = random(1 + random(1 + random(256)));
  },
  words: (into, random) => {
    const words = Array.from({ length: 300 }, () =>
      Array.from({ length: 1 + random(9) }, () => 97 + random(1 + random(26))),
    );
    for (let at = 0; at < into.length;) {
      for (const letter of words[random(1 + random(words.length))]!) into[at++] = letter;
      into[at++] = random(12) === 0 ? 10 : 32;
    }
  },
  records: (into, random) => {
    fillWithLines(into, (index) => {
      const mail = `u${random(10_000)}@example.org`;
      return JSON.stringify({
        id: index,
        mail,
        active: random(3) === 0,
        score: random(1e6) / 1000,
        tags: [random(17)],
      });
    });
  },
  'log lines': (into, random) => {
    fillWithLines(into, (index) => {
      const time = new Date(1.7e12 + 1000 * index).toISOString();
      return `${time} host-${random(5)} sshd[${random(3000)}]: connection from 10.0.${random(256)}.${random(256)} accepted`;
    });
  },
  'table entries': (into, random) => {
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    let cluster = random(1 << 20);
    for (let at = 0; at + 8 <= into.length; at += 8) {
      cluster += random(8) === 0 ? random(1000) : 1;
      view.setBigUint64(at, (1n << 63n) | (BigInt(cluster) << 16n));
    }
  },
  'runs and repeats': (into, random) => {
    for (let at = 0; at < into.length;) {
      const length = Math.min(1 + random(1 << random(14)), into.length - at);
      const kind = random(3);
      if (kind === 0 && at > 0) {
        const distance = 1 + random(Math.min(at, 1 << random(18)));
        for (let i = 0; i < length; i++) into[at + i] = into[at + i - distance]!;
      } else if (kind === 1) into.fill(random(256), at, at + length);
      else for (let i = 0; i < length && i < 200; i++) into[at + i] = random(256);
      at += length;
    }
  },
} satisfies Record<string, Fill>;

function fillWithLines(into: Uint8Array, line: (index: number) => string): void {
  const encoder = new TextEncoder();
  for (let at = 0, index = 0; at < into.length; index++) {
    at += encoder.encodeInto(`${line(index)}\n`, into.subarray(at)).written;
  }
}

export type SampleKind = keyof typeof SAMPLE_KINDS;

export function sample(kind: SampleKind, length: number, random: Random): Uint8Array {
  const bytes = new Uint8Array(length);
  SAMPLE_KINDS[kind](bytes, random);
  return bytes;
}

/** Content of several kinds in pieces, as a cluster at the border of two files has. */
export function mixedSample(length: number, random: Random): Uint8Array {
  const kinds = Object.keys(SAMPLE_KINDS) as SampleKind[];
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + 1 + random(Math.max(1, length)));
    SAMPLE_KINDS[kinds[random(kinds.length)]!](bytes.subarray(at, end), random);
    at = end;
  }
  return bytes;
}

/** The same bytes in memory that threads share, at each of sixteen places in a word or two. */
export function* placesInSharedMemory(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < 16; at++) {
    const place = new Uint8Array(new SharedArrayBuffer(at + bytes.length), at);
    place.set(bytes);
    yield place;
  }
}

/** What damage does to a stream: the end is missing, or a few bits are wrong, half of the time near its start. */
export function damaged(stream: Uint8Array, random: Random): Uint8Array {
  if (random(4) === 0) return stream.slice(0, random(stream.length));
  const bytes = stream.slice();
  const reach = random(2) === 0 ? bytes.length : Math.min(bytes.length, 60);
  for (let flips = 1 + random(3); flips > 0; flips--) bytes[random(reach)]! ^= 1 << random(8);
  return bytes;
}

/** Room for output between guards that must stay as they are. */
export class GuardedRoom {
  readonly #bytes: Uint8Array;
  readonly room: Uint8Array;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length + 2 * GUARD_LENGTH).fill(GUARD);
    this.room = this.#bytes.subarray(GUARD_LENGTH, GUARD_LENGTH + length);
  }

  get isIntact(): boolean {
    const end = this.#bytes.length - GUARD_LENGTH;
    return this.#bytes.every((byte, at) => byte === GUARD || (at >= GUARD_LENGTH && at < end));
  }

  /** Whether nothing was written into the room either. */
  get isUntouched(): boolean {
    return this.#bytes.every((byte) => byte === GUARD);
  }
}

const GUARD = 0x5a;
const GUARD_LENGTH = 64;
