import { viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { DebugEvent } from '../storage/debug-event.ts';
import type { Purpose } from '../storage/storage.ts';
import type { ImageFile } from './image-file.ts';

/** Part of an L2 table or refcount block in memory. */
export interface Slice {
  readonly hostOffset: HostOffset;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  isDirty: boolean;
  wasUsed: boolean;
}

export interface TableCacheOptions {
  readonly clusterSize: number;
  /** Bytes kept at most. */
  readonly sizeMax: number;
  /** Bytes of a slice, where clusters are not smaller. */
  readonly sliceSizeMax?: number;
  /**
   * The memory of a slice that gives way serves the next one. For reading only: a slice may then be looked at no longer
   * than until the second one after it is asked for.
   */
  readonly reusesMemory?: boolean;
  /** Why slices are written. */
  readonly purpose: Purpose;
  readonly loadEvent: DebugEvent | null;
  readonly writeEvent: DebugEvent;
}

/** Bytes of a slice; a cluster where clusters are smaller. Small slices keep metadata writes and cache misses small. */
export const SLICE_SIZE_MAX = 4096;

/**
 * A write-back cache of L2 tables or of refcount blocks, in slices. Two such caches with dependencies between them keep
 * metadata on disk in a safe order: before a slice is written, everything that its cache depends on is made durable.
 */
export class TableCache {
  readonly sliceSize: number;
  /** Called after all dirty slices were written (not yet flushed). */
  onWritten: () => void = () => undefined;
  readonly #file: ImageFile;
  readonly #purpose: Purpose;
  readonly #loadEvent: DebugEvent | null;
  readonly #writeEvent: DebugEvent;
  readonly #sliceCountMax: number;
  readonly #reusesMemory: boolean;
  readonly #slices = new Map<HostOffset, Slice>();
  readonly #dirty = new Set<Slice>();
  /** All slices in the order of a clock hand that looks for one to evict. */
  readonly #clock: Slice[] = [];
  #hand = 0;
  #latest: Slice | null = null;
  #dependsOn: TableCache | null = null;
  #dependsOnFlush = false;

  constructor(file: ImageFile, options: TableCacheOptions) {
    this.#file = file;
    this.#purpose = options.purpose;
    this.#loadEvent = options.loadEvent;
    this.#writeEvent = options.writeEvent;
    this.sliceSize = Math.min(options.clusterSize, options.sliceSizeMax ?? SLICE_SIZE_MAX);
    this.#reusesMemory = options.reusesMemory ?? false;
    this.#sliceCountMax = Math.max(16, Math.floor(options.sizeMax / this.sliceSize));
  }

  /** The slice that starts at `hostOffset` (a multiple of the slice size), read from the file where not cached. */
  get(hostOffset: HostOffset): Slice {
    if (this.#latest !== null && this.#latest.hostOffset === hostOffset) return this.#latest;
    let slice = this.#slices.get(hostOffset);
    if (slice === undefined) slice = this.#load(hostOffset);
    slice.wasUsed = true;
    this.#latest = slice;
    return slice;
  }

  /** Keeps a table that was just written to a new place, as far as there is room, so that it need not be read again. */
  adopt(hostOffset: HostOffset, table: Uint8Array): void {
    for (let at = 0; at < table.length && this.#clock.length < this.#sliceCountMax; at += this.sliceSize) {
      this.#insert(hostOffset + at, table.subarray(at, at + this.sliceSize));
    }
  }

  markDirty(slice: Slice): void {
    slice.isDirty = true;
    this.#dirty.add(slice);
  }

  get hasDirtySlices(): boolean {
    return this.#dirty.size > 0;
  }

  /** Dirty slices in file order; what a power cut now would lose. */
  dirtySlices(): Slice[] {
    return [...this.#dirty].sort((a, b) => a.hostOffset - b.hostOffset);
  }

  /** Before this cache writes anything, `other` is to be written and durable. */
  dependOn(other: TableCache): void {
    // Resolving the other's dependency first keeps the two caches from waiting for each other.
    if (other.#dependsOn !== null) other.#resolveDependency();
    this.#dependsOn = other;
  }

  /** Before this cache writes anything, what was written to the file so far (guest data) is to be durable. */
  dependOnFlush(): void {
    this.#dependsOnFlush = true;
  }

  /** Writes all dirty slices, adjacent ones in one piece, dependencies first. Does not flush them. */
  writeAll(): void {
    const slices = this.dirtySlices();
    if (slices.length > 0) this.#resolveDependency();
    for (let first = 0; first < slices.length;) {
      let next = first + 1;
      while (next < slices.length && this.#follows(slices[next - 1]!, slices[next]!)) next++;
      this.#writeRun(slices.slice(first, next));
      first = next;
    }
    this.onWritten();
  }

  /** Writes all dirty slices and makes them durable. */
  flush(why: Purpose): void {
    this.writeAll();
    this.#file.flush(why);
  }

  /** Forgets what is cached of a host range whose clusters were freed, unwritten changes included. */
  drop(hostOffset: HostOffset, length: number): void {
    for (let at = hostOffset; at < hostOffset + length; at += this.sliceSize) {
      const slice = this.#slices.get(at);
      if (slice !== undefined) this.#remove(slice, this.#clock.indexOf(slice));
    }
  }

  /** Forgets everything, unwritten changes included: the tables are no longer those of the image. */
  clear(): void {
    this.#slices.clear();
    this.#dirty.clear();
    this.#clock.length = 0;
    this.#hand = 0;
    this.#latest = null;
    this.#dependsOn = null;
    this.#dependsOnFlush = false;
  }

  #resolveDependency(): void {
    if (this.#dependsOn !== null) {
      this.#dependsOn.flush('flush-ordering');
      this.#dependsOn = null;
      this.#dependsOnFlush = false;
    } else if (this.#dependsOnFlush) {
      this.#file.flush('flush-ordering');
      this.#dependsOnFlush = false;
    }
  }

  #follows(slice: Slice, next: Slice): boolean {
    return next.hostOffset === slice.hostOffset + this.sliceSize;
  }

  #writeRun(slices: Slice[]): void {
    this.#file.event(this.#writeEvent);
    this.#file.write(slices[0]!.hostOffset, joined(slices, this.sliceSize), this.#purpose);
    for (const slice of slices) {
      slice.isDirty = false;
      this.#dirty.delete(slice);
    }
  }

  #load(hostOffset: HostOffset): Slice {
    const evicted = this.#clock.length >= this.#sliceCountMax ? this.#evictOne() : null;
    const bytes = evicted !== null && this.#reusesMemory ? evicted.bytes : new Uint8Array(this.sliceSize);
    if (this.#loadEvent !== null) this.#file.event(this.#loadEvent);
    this.#file.read(hostOffset, bytes);
    return this.#insert(hostOffset, bytes);
  }

  #insert(hostOffset: HostOffset, bytes: Uint8Array): Slice {
    const slice: Slice = { hostOffset, bytes, view: viewOf(bytes), isDirty: false, wasUsed: true };
    this.#slices.set(hostOffset, slice);
    this.#clock.push(slice);
    return slice;
  }

  /** Second chance: a slice used since the hand last passed stays, and so does the latest; a dirty victim is written first. */
  #evictOne(): Slice {
    for (;;) {
      this.#hand = (this.#hand + 1) % this.#clock.length;
      const slice = this.#clock[this.#hand]!;
      if (slice === this.#latest || slice.wasUsed) {
        slice.wasUsed = false;
        continue;
      }
      if (slice.isDirty) {
        this.#resolveDependency();
        this.#writeRun([slice]);
      }
      this.#remove(slice, this.#hand);
      return slice;
    }
  }

  #remove(slice: Slice, clockPosition: number): void {
    this.#slices.delete(slice.hostOffset);
    this.#dirty.delete(slice);
    const last = this.#clock.pop()!;
    if (last !== slice) this.#clock[clockPosition] = last;
    if (this.#latest === slice) this.#latest = null;
  }
}

function joined(slices: Slice[], sliceSize: number): Uint8Array {
  if (slices.length === 1) return slices[0]!.bytes;
  const bytes = new Uint8Array(slices.length * sliceSize);
  slices.forEach((slice, index) => bytes.set(slice.bytes, index * sliceSize));
  return bytes;
}
