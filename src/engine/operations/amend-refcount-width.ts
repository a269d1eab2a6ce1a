import { alignUp } from '../bytes/align.ts';
import { EngineError, StepFailure } from '../errors.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { hex } from '../format/hex.ts';
import { refcountMax, setRefcount } from '../format/refcount-block.ts';
import { writeTablesDurably } from '../image/flush.ts';
import type { Image } from '../image/image.ts';
import { encodeRefcountTable, REFCOUNT_TABLE_SIZE_MAX } from '../image/refcounts.ts';
import { rewriteHeader } from '../image/rewrite-header.ts';
import type { LongTask } from '../progress.ts';

const PHASE = 'refcount-width';

/**
 * Gives the image refcounts of another width: new blocks and a new table beside the old ones, durable before the header
 * switches to them (width and place stand in its first sector), the old ones freed after. A crash before the switch
 * leaves the old structures in force, one after it at worst leaked clusters.
 * @throws EngineError invalid-argument when a refcount does not fit the new width; nothing was changed then
 */
export function* changeRefcountWidth(image: Image, refcountBits: number): LongTask<void> {
  writeTablesDurably(image);
  const next = new NewStructures(image, refcountBits);
  try {
    const passes = yield* allocate(image, next);
    yield* walk(image, next, { pass: passes, passCount: passes + 1 }, (index) => next.writeBlock(index));
    next.writeTable();
    image.file.flush('flush-ordering');
  } catch (error) {
    next.abandon();
    throw error;
  }
  next.switchTo();
}

/** Allocates until an allocation needs no further block itself; returns how many walks that took. */
function* allocate(image: Image, next: NewStructures): LongTask<number> {
  for (let pass = 0; ; pass++) {
    const clusterCountBefore = next.clusterCount;
    yield* walk(image, next, { pass, passCount: Math.max(pass + 2, 3) }, (index, isEmpty) => {
      if (!isEmpty) next.placeBlock(index);
    });
    if (next.clusterCount === clusterCountBefore) return pass + 1;
    next.placeTable();
  }
}

/** Goes through all refcounts in portions of one new block, skipping what no old block counts. */
function* walk(
  { refcounts, geometry }: Image,
  next: NewStructures,
  { pass, passCount }: { readonly pass: number; readonly passCount: number },
  visit: (newIndex: number, isEmpty: boolean) => void,
): LongTask<void> {
  const oldEntries = geometry.refcountBlockEntries;
  let newIndex = 0;
  let filled = 0;
  let isEmpty = true;
  const finishBlock = () => {
    visit(newIndex, isEmpty);
    newIndex++;
    filled = 0;
    isEmpty = true;
  };
  // The table may grow meanwhile: blocks are allocated on the way.
  for (let oldIndex = 0; oldIndex < refcounts.table.length; oldIndex++) {
    const total = passCount * refcounts.table.length;
    yield { phase: PHASE, done: pass * refcounts.table.length + oldIndex, total };
    const start = oldIndex * oldEntries;
    for (let done = 0; done < oldEntries;) {
      if (filled === next.blockEntries) finishBlock();
      const count = Math.min(oldEntries - done, next.blockEntries - filled);
      if (refcounts.table[oldIndex] !== 0 && !next.judgeRange(start + done, count)) isEmpty = false;
      done += count;
      filled += count;
    }
  }
  if (filled > 0) finishBlock();
  yield { phase: PHASE, done: pass + 1, total: passCount };
}

/** The refcount structures to be, beside the ones in force. */
class NewStructures {
  readonly blockEntries: number;
  readonly #image: Image;
  readonly #refcountBits: number;
  readonly #refcountMax: number;
  /** Host offsets of the blocks, 0 where there is none. */
  #table: number[] = [];
  #blockCount = 0;
  #tablePlace: { readonly hostOffset: HostOffset; readonly clusterCount: number } | null = null;

  constructor(image: Image, refcountBits: number) {
    this.#image = image;
    this.#refcountBits = refcountBits;
    this.#refcountMax = refcountMax(refcountBits);
    this.blockEntries = (image.geometry.clusterSize * 8) / refcountBits;
  }

  /** Grows with every allocation of a block. */
  get clusterCount(): number {
    return this.#blockCount;
  }

  /** Whether all refcounts of a range are 0. @throws EngineError invalid-argument when one is too large */
  judgeRange(first: HostCluster, count: number): boolean {
    const { refcounts, geometry } = this.#image;
    let isEmpty = true;
    for (let cluster = first; cluster < first + count; cluster++) {
      const refcount = refcounts.get(cluster);
      if (refcount === 0) continue;
      isEmpty = false;
      if (refcount <= this.#refcountMax) continue;
      throw new EngineError(
        'invalid-argument',
        `Cannot decrease refcount entry width to ${this.#refcountBits} bits: Cluster at offset ${hex(cluster * geometry.clusterSize)} has a refcount of ${refcount}`,
      );
    }
    return isEmpty;
  }

  placeBlock(index: number): void {
    if ((this.#table[index] ?? 0) !== 0) return;
    const entriesPerCluster = this.#image.geometry.clusterSize / 8;
    const length = alignUp(index + 1, entriesPerCluster);
    if (length * 8 > REFCOUNT_TABLE_SIZE_MAX) {
      throw new EngineError(
        'unsupported',
        'This operation would make the refcount table grow beyond the maximum size supported by QEMU, aborting',
      );
    }
    while (this.#table.length < length) this.#table.push(0);
    this.#table[index] = this.#image.allocator.allocate(1);
    this.#blockCount++;
  }

  placeTable(): void {
    this.#freeTable();
    const clusterCount = (this.#table.length * 8) / this.#image.geometry.clusterSize;
    this.#tablePlace = { hostOffset: this.#image.allocator.allocate(clusterCount), clusterCount };
  }

  writeBlock(index: number): void {
    const { refcounts, file, geometry } = this.#image;
    const hostOffset = this.#table[index] ?? 0;
    if (hostOffset === 0) return;
    const block = new Uint8Array(geometry.clusterSize);
    for (let entry = 0; entry < this.blockEntries; entry++) {
      const refcount = refcounts.get(index * this.blockEntries + entry);
      if (refcount !== 0) setRefcount(block, this.#refcountBits, entry, refcount);
    }
    StepFailure.during('Failed to write refblock', () => file.write(hostOffset, block, 'refblock-new'));
  }

  writeTable(): void {
    StepFailure.during('Failed to write reftable', () => {
      this.#image.file.write(this.#place.hostOffset, encodeRefcountTable(this.#table), 'reftable-grow');
    });
  }

  /** Puts the new structures in force, durably, and frees the old ones. */
  switchTo(): void {
    const { refcounts, allocator, guard, geometry } = this.#image;
    const { refcountTableOffset, refcountTableClusters } = this.#image.header;
    const oldBlocks = refcounts.table.filter((hostOffset) => hostOffset !== 0);
    rewriteHeader(this.#image, {
      header: {
        refcountOrder: Math.log2(this.#refcountBits),
        refcountTableOffset: this.#place.hostOffset,
        refcountTableClusters: this.#place.clusterCount,
      },
    });
    refcounts.replace(Float64Array.from(this.#table), this.#image.geometry);
    for (const hostOffset of this.#table) if (hostOffset !== 0) guard.add(hostOffset, 'refcount block');
    // The old blocks count nothing any more; what is cached of them must not be written over their next use.
    for (const hostOffset of oldBlocks) refcounts.blocks.drop(hostOffset, geometry.clusterSize);
    for (const hostOffset of oldBlocks) allocator.freeUnreferenced(hostOffset, 1);
    allocator.freeUnreferenced(refcountTableOffset, refcountTableClusters);
    writeTablesDurably(this.#image);
  }

  /** Gives back what was allocated; the structures in force stay. */
  abandon(): void {
    for (const hostOffset of this.#table) if (hostOffset !== 0) this.#image.allocator.freeUnreferenced(hostOffset, 1);
    this.#table = [];
    this.#freeTable();
  }

  #freeTable(): void {
    if (this.#tablePlace === null) return;
    this.#image.allocator.freeUnreferenced(this.#tablePlace.hostOffset, this.#tablePlace.clusterCount);
    this.#tablePlace = null;
  }

  get #place(): { readonly hostOffset: HostOffset; readonly clusterCount: number } {
    return this.#tablePlace!;
  }
}
