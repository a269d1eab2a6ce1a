import { alignDown, alignUp } from '../bytes/align.ts';
import type { StorageRange } from './storage.ts';

export interface ReadCacheOptions {
  /** Bytes of a block; a power of two. */
  readonly blockSize?: number;
  /** Bytes kept at most. */
  readonly cacheSizeMax?: number;
  /** Bytes fetched at once at most, when reads follow one another. */
  readonly readAheadMax?: number;
}

/** Fetches ranges, one behind the other; they lie inside the source. */
export type Fetch = (ranges: readonly StorageRange[]) => Uint8Array;

/** Bytes of announced blocks that are fetched at once, at first and at most. */
const ANNOUNCED_MIN = 512 * 1024;
const ANNOUNCED_MAX = 8 * 1024 * 1024;

/**
 * Blocks of a slow, unchanging source, least recently used thrown out first. A read of a local file costs 0.4 ms however
 * small it is, and from about 64 KiB on its length counts, hence the size of a block: also that of most tables, which are
 * read here and there. Reads that follow one another fetch ever more at once, and so do reads that were announced, wherever
 * they are.
 */
export class ReadCache {
  readonly #fetch: Fetch;
  readonly #sourceSize: number;
  readonly #blockSize: number;
  readonly #blocksMax: number;
  readonly #readAheadMax: number;
  /** In order of use, the latest last. */
  readonly #blocks = new Map<number, Uint8Array>();
  #lastFetchEnd = -1;
  #readAhead: number;
  /** Starts of blocks that are likely to be read next, in this order. */
  readonly #announced = new Set<number>();
  #announcedLength: number;

  constructor(sourceSize: number, fetch: Fetch, options: ReadCacheOptions = {}) {
    const { blockSize = 64 * 1024, cacheSizeMax = 32 * 1024 * 1024, readAheadMax = 2 * 1024 * 1024 } = options;
    this.#fetch = fetch;
    this.#sourceSize = sourceSize;
    this.#blockSize = blockSize;
    this.#blocksMax = Math.max(1, Math.floor(cacheSizeMax / blockSize));
    this.#readAheadMax = Math.min(readAheadMax, this.#blocksMax * blockSize);
    this.#readAhead = blockSize;
    this.#announcedLength = ANNOUNCED_MIN;
  }

  /** Takes the place of what was announced before. */
  willRead(ranges: readonly StorageRange[]): void {
    this.#announced.clear();
    for (const { at, length } of ranges) {
      const end = Math.min(at + length, this.#sourceSize);
      for (let start = alignDown(at, this.#blockSize); start < end; start += this.#blockSize) {
        if (!this.#blocks.has(start)) this.#announced.add(start);
      }
    }
  }

  /** Fills `into`; past the end of the source it reads zeros. */
  read(at: number, into: Uint8Array): void {
    const length = Math.max(0, Math.min(into.length, this.#sourceSize - at));
    into.fill(0, length);
    for (let done = 0; done < length;) {
      done += this.#readPart(at + done, into.subarray(done, length));
    }
  }

  /** Reads up to the end of one block, or a long stretch at once; returns the bytes read. */
  #readPart(at: number, into: Uint8Array): number {
    const blockStart = alignDown(at, this.#blockSize);
    const block = this.#blocks.get(blockStart);
    if (block === undefined) {
      // A long read would only push out what is worth keeping.
      if (into.length >= this.#readAheadMax) {
        into.set(this.#fetch([{ at, length: this.#readAheadMax }]));
        return this.#readAheadMax;
      }
      this.#load(blockStart, at + into.length);
      return this.#readPart(at, into);
    }
    this.#blocks.delete(blockStart);
    this.#blocks.set(blockStart, block);
    const start = at - blockStart;
    const length = Math.min(block.length - start, into.length);
    into.set(block.subarray(start, start + length));
    return length;
  }

  /** Fetches what is wanted, up to `wantedEnd` at least. */
  #load(start: number, wantedEnd: number): void {
    if (this.#announced.has(start)) this.#loadAnnounced(start);
    else this.#loadStretch(start, wantedEnd);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#blocksMax) break;
      this.#blocks.delete(oldest);
    }
  }

  /** Fetches an announced block with those that were announced behind it, ever more at once. */
  #loadAnnounced(first: number): void {
    const starts = this.#takeAnnounced(first, Math.min(this.#announcedLength / this.#blockSize, this.#blocksMax));
    this.#announcedLength = Math.min(this.#announcedLength * 2, ANNOUNCED_MAX);
    const bytes = this.#fetch(this.#joined(starts));
    let end = bytes.length;
    // From the last to the first, so that the wanted block is the latest of all.
    for (const start of starts.reverse()) {
      const length = Math.min(this.#blockSize, this.#sourceSize - start);
      this.#blocks.set(start, bytes.slice(end - length, end));
      end -= length;
    }
  }

  /** Takes blocks that are not there from the list, `first` and those behind it; those before it were passed by. */
  #takeAnnounced(first: number, countMax: number): number[] {
    const starts: number[] = [];
    for (const start of this.#announced) {
      if (starts.length > 0 && starts.length >= countMax) break;
      this.#announced.delete(start);
      if (start === first || (starts.length > 0 && !this.#blocks.has(start))) starts.push(start);
    }
    return starts;
  }

  /** Ranges of blocks, neighbours in one. */
  #joined(starts: readonly number[]): StorageRange[] {
    const ranges: { at: number; length: number }[] = [];
    for (const at of starts) {
      const length = Math.min(this.#blockSize, this.#sourceSize - at);
      const last = ranges.at(-1);
      if (last !== undefined && last.at + last.length === at) last.length += length;
      else ranges.push({ at, length });
    }
    return ranges;
  }

  #loadStretch(start: number, wantedEnd: number): void {
    const wanted = alignUp(wantedEnd - start, this.#blockSize);
    const follows = start === this.#lastFetchEnd;
    this.#readAhead = Math.min(Math.max(wanted, follows ? this.#readAhead * 2 : 0), this.#readAheadMax);
    const end = Math.min(start + this.#readAhead, this.#sourceSize);
    const bytes = this.#fetch([{ at: start, length: end - start }]);
    // From the last to the first, so that the wanted block is the latest of all.
    for (let at = alignDown(end - 1, this.#blockSize); at >= start; at -= this.#blockSize) {
      this.#blocks.delete(at);
      this.#blocks.set(at, bytes.slice(at - start, Math.min(at - start + this.#blockSize, bytes.length)));
    }
    this.#lastFetchEnd = end;
  }
}
