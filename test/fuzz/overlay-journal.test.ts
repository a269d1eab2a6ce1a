import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isEngineError, MemoryStorage, OVERLAY_BLOCK_SIZE, OverlayStorage, type Storage } from '#engine';
import { Random } from '../tools/random.ts';

const BASE_SIZE = 5 * OVERLAY_BLOCK_SIZE + 1000;
const VERSION = { size: BASE_SIZE, modified: 1_700_000_000_000 };
const SEEDS = Array.from({ length: 12 }, (_, index) => Number(process.env['FUZZ_SEED'] ?? 1) + index);
const DAMAGES_PER_SEED = 25;
/** On a machine that is busy. */
const LONG = 60_000;

/** The files of an overlay, the sizes that it had at a flush, and every content that each block ever had. */
interface History {
  readonly journal: Uint8Array;
  readonly data: Uint8Array;
  readonly sizes: ReadonlySet<number>;
  readonly blocks: ReadonlyMap<number, ReadonlySet<string>>;
}

describe('a damaged journal of an overlay', () => {
  it.each(SEEDS)(
    'shows blocks as they once were, or a named error, and goes on working, seed %i',
    (seed) => {
      const random = new Random(seed);
      const history = makeHistory(random);
      for (let count = 0; count < DAMAGES_PER_SEED; count++) {
        const journal = MemoryStorage.from(damaged(history.journal, random));
        const data = MemoryStorage.from(history.data);
        const overlay = open(journal, data);
        if (overlay === null) continue;
        mustShowHistory(overlay, history);
        overlay.write(123, Uint8Array.of(1, 2, 3));
        overlay.flush();
        const again = open(journal, data)!;
        expect([...blockOf(again, 0).subarray(123, 126)]).toEqual([1, 2, 3]);
      }
    },
    LONG,
  );
});

/** Null where the open says why it cannot be. */
function open(journal: MemoryStorage, data: MemoryStorage): OverlayStorage | null {
  const base = MemoryStorage.from(new Uint8Array(BASE_SIZE).fill(7));
  try {
    return new OverlayStorage({ base, baseVersion: VERSION, data: staying(data), journal: staying(journal) });
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return null;
  }
}

/** A file that can be opened again. */
function staying(file: MemoryStorage): Storage {
  return {
    isReadOnly: false,
    get size() {
      return file.size;
    },
    read: (at, into) => file.read(at, into),
    write: (at, bytes) => file.write(at, bytes),
    truncate: (size) => file.truncate(size),
    discard: () => undefined,
    flush: () => undefined,
    close: () => undefined,
  };
}

function makeHistory(random: Random): History {
  const journal = new MemoryStorage();
  const data = new MemoryStorage();
  const overlay = open(journal, data)!;
  const sizes = new Set([BASE_SIZE]);
  const blocks = new Map<number, Set<string>>();
  remember(overlay, blocks);
  for (let flushes = 0; flushes < 6; flushes++) {
    for (let writes = 1 + random.below(5); writes > 0; writes--) {
      const at = random.below(6 * OVERLAY_BLOCK_SIZE);
      overlay.write(at, new Uint8Array(1 + random.below(3000)).fill(random.bits()));
      remember(overlay, blocks);
    }
    if (random.chance(0.3)) overlay.truncate(random.below(7 * OVERLAY_BLOCK_SIZE));
    overlay.flush();
    sizes.add(overlay.size);
    remember(overlay, blocks);
  }
  return { journal: journal.toBytes(), data: data.toBytes(), sizes, blocks };
}

function remember(overlay: OverlayStorage, blocks: Map<number, Set<string>>): void {
  for (let block = 0; block < 8; block++) {
    const known = blocks.get(block) ?? new Set();
    blocks.set(block, known.add(digestOf(blockOf(overlay, block))));
  }
}

function blockOf(overlay: OverlayStorage, block: number): Uint8Array {
  const bytes = new Uint8Array(OVERLAY_BLOCK_SIZE);
  overlay.read(block * OVERLAY_BLOCK_SIZE, bytes);
  return bytes;
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64');
}

function damaged(journal: Uint8Array, random: Random): Uint8Array {
  const bytes = journal.slice();
  switch (random.below(4)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length));
    case 1:
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      }
      return bytes;
    case 2: {
      // A torn write: from some sector on, what the disk held before.
      const from = random.below(bytes.length);
      return bytes.fill(0, from, from + 512);
    }
    default:
      return Uint8Array.from([...bytes, ...Uint8Array.from({ length: random.below(100) }, () => random.bits())]);
  }
}

/** An earlier index may show a block's later bytes, which were written in place: each block on its own is as it was once. */
function mustShowHistory(overlay: OverlayStorage, { sizes, blocks }: History): void {
  expect(sizes).toContain(overlay.size);
  const wholeBlocks = Math.floor(overlay.size / OVERLAY_BLOCK_SIZE);
  for (let block = 0; block < wholeBlocks; block++) {
    if (!blocks.get(block)!.has(digestOf(blockOf(overlay, block))))
      throw new Error(`block ${block} was never like this`);
  }
}
