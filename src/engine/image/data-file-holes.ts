import type { HostOffset } from '../format/addresses.ts';
import type { Storage } from '../storage/storage.ts';
import type { ImageFile } from './image-file.ts';

/** What becomes of data that no entry maps any more: raw data files must read as zeros there, others may give up the space. */
export type HoleKind = 'discard' | 'zeros';

const ZERO_CHUNK = 1024 * 1024;

/**
 * Clusters of an external data file that the guest gave back. Their bytes go only when that is durable: before, the L2
 * tables on disk may still map them, and a crash would show the hole instead of what the guest reads through to. A raw data
 * file has nothing to read through to; there the zeros come before the flush, so that both say the same after it.
 */
export class DataFileHoles {
  readonly #file: ImageFile;
  readonly #clusterSize: number;
  readonly #kind: HoleKind;
  readonly #awaitingWrite = new Set<HostOffset>();
  readonly #awaitingFlush = new Set<HostOffset>();

  constructor(file: ImageFile, clusterSize: number, kind: HoleKind) {
    this.#file = file;
    this.#clusterSize = clusterSize;
    this.#kind = kind;
  }

  add(hostOffset: HostOffset): void {
    this.#awaitingWrite.add(hostOffset);
  }

  /** The clusters are written again, at the same place. */
  keep(hostOffset: HostOffset, clusterCount: number): void {
    for (let index = 0; index < clusterCount; index++) {
      this.#awaitingWrite.delete(hostOffset + index * this.#clusterSize);
      this.#awaitingFlush.delete(hostOffset + index * this.#clusterSize);
    }
  }

  /** To be called when all L2 tables were written, before they are flushed. */
  noteTablesWritten(): void {
    // Zeros that could not be written are still owed.
    if (this.#kind === 'zeros') this.#make(this.#awaitingWrite);
    else for (const hostOffset of this.#awaitingWrite) this.#awaitingFlush.add(hostOffset);
    this.#awaitingWrite.clear();
  }

  /** To be called after a flush. */
  noteFlushed(): void {
    const released = new Set(this.#awaitingFlush);
    this.#awaitingFlush.clear();
    this.#make(released);
  }

  #make(offsets: ReadonlySet<HostOffset>): void {
    const clusters = [...offsets].sort((a, b) => a - b);
    for (let first = 0; first < clusters.length;) {
      let next = first + 1;
      while (next < clusters.length && clusters[next] === clusters[next - 1]! + this.#clusterSize) next++;
      this.#makeOne(clusters[first]!, (next - first) * this.#clusterSize);
      first = next;
    }
  }

  #makeOne(at: HostOffset, length: number): void {
    const end = Math.min(at + length, this.#file.size);
    if (end <= at) return;
    if (this.#kind === 'discard') this.#file.discard(at, end - at, 'discard');
    else writeZeros(this.#file, at, end - at);
  }
}

/** Zeros as data. */
export function writeZeros(file: Pick<Storage, 'write'>, at: HostOffset, length: number): void {
  const zeros = new Uint8Array(Math.min(ZERO_CHUNK, length));
  for (let done = 0; done < length; done += zeros.length) {
    file.write(at + done, zeros.subarray(0, Math.min(zeros.length, length - done)), 'zero-fill');
  }
}
