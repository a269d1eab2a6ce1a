import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  drain,
  isEngineError,
  MemoryStorage,
  openImage,
  readAt,
  repairImage,
  type Image,
} from '#engine';
import { ACCESSES, FailingAccess, type Failure } from './failing-access.ts';
import { applyOperation, guestOperations, type GuestOperation } from './operations.ts';
import { SEED } from '../../tools/seed.ts';

// One access of the storage fails, at any place and whether the disk did it or not. The error is a clear one, the session
// goes on, the image can be repaired, and what was acknowledged and flushed is there.

const SECTOR = 512;

/** What the sectors of the disk may hold: the session's view, and what the next open may find. */
class Expectation {
  readonly #now: Set<number>[];
  #later: Set<number>[];

  constructor(sectorCount: number) {
    this.#now = Array.from({ length: sectorCount }, () => new Set([0]));
    this.#later = this.#now.map((values) => new Set(values));
  }

  /** Before an operation: from now on either is possible. */
  begin(range: Range): void {
    this.#each(range, (sector) => {
      this.#now[sector]!.add(range.value);
      this.#later[sector]!.add(range.value);
    });
  }

  succeed(range: Range): void {
    this.#each(range, (sector) => (this.#now[sector] = new Set([range.value])));
  }

  flushed(): void {
    this.#later = this.#now.map((values) => new Set(values));
  }

  compare(image: Image, when: 'now' | 'later'): void {
    const expected = when === 'now' ? this.#now : this.#later;
    const bytes = new Uint8Array(expected.length * SECTOR);
    readAt(image, 0, bytes);
    expected.forEach((values, sector) => {
      const [first] = bytes.subarray(sector * SECTOR, sector * SECTOR + 1);
      if (!values.has(first!)) expect.fail(`sector ${sector} holds ${first}, not one of ${[...values].join(', ')}`);
    });
  }

  #each({ at, length }: Range, visit: (sector: number) => void): void {
    for (let sector = at / SECTOR; sector < (at + length) / SECTOR; sector++) visit(sector);
  }
}

interface Range {
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

/** What an operation makes of which sectors; a discard leaves parts of clusters alone. */
function rangeOf(operation: GuestOperation, clusterSize: number): Range {
  if (operation.kind === 'flush') return { at: 0, length: 0, value: 0 };
  if (operation.kind === 'write' || operation.kind === 'compressed') {
    return { at: operation.at, length: operation.length, value: operation.pattern };
  }
  if (operation.kind === 'zero') return { at: operation.at, length: operation.length, value: 0 };
  const at = Math.ceil(operation.at / clusterSize) * clusterSize;
  const end = Math.floor((operation.at + operation.length) / clusterSize) * clusterSize;
  return { at, length: Math.max(0, end - at), value: 0 };
}

/** @returns whether it succeeded */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return false;
  }
}

function runWith(
  { clusterSize, lazyRefcounts }: { clusterSize: number; lazyRefcounts: boolean },
  failure: Failure,
  operations: readonly GuestOperation[],
): void {
  const virtualSize = clusterSize * 96;
  const memory = new MemoryStorage();
  createImage(memory, { size: virtualSize, clusterSize, lazyRefcounts });
  const expectation = new Expectation(virtualSize / SECTOR);
  const storage = new FailingAccess(memory, failure);
  let image: Image | null = null;
  if (attempt(() => (image = openImage(storage, { writable: true })))) {
    for (const operation of operations) {
      const range = rangeOf(operation, clusterSize);
      expectation.begin(range);
      if (!attempt(() => applyOperation(image!, operation))) continue;
      if (operation.kind === 'flush') expectation.flushed();
      else expectation.succeed(range);
    }
    attempt(() => expectation.compare(image!, 'now'));
    if (attempt(() => closeImage(image!))) expectation.flushed();
  }
  expect(drain(checkImage(memory)).counters.checkErrors).toBe(0);
  drain(repairImage(memory, 'all'));
  const report = drain(checkImage(memory));
  expect({ ...report.counters }).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 });
  const again = openImage(memory, { writable: true });
  expectation.compare(again, 'later');
  closeImage(again);
}

describe('an image on a storage where one access fails', () => {
  it.each(
    [512, 4096, 65536].flatMap((clusterSize) => [true, false].map((lazyRefcounts) => ({ clusterSize, lazyRefcounts }))),
  )('loses nothing that was flushed (clusters of $clusterSize bytes, lazy $lazyRefcounts)', (variant) => {
    const failures = fc.record({
      access: fc.constantFrom(...ACCESSES),
      index: fc.oneof(fc.nat(12), fc.nat(60)),
      effect: fc.constantFrom('none' as const, 'half' as const, 'done' as const),
    });
    const operations = guestOperations({ virtualSize: variant.clusterSize * 96, clusterSize: variant.clusterSize });
    fc.assert(
      fc.property(failures, fc.array(operations, { minLength: 1, maxLength: 25 }), (failure, list) =>
        runWith(variant, failure, list),
      ),
      { seed: SEED, numRuns: variant.clusterSize === 65536 ? 25 : 60 },
    );
  });
});
