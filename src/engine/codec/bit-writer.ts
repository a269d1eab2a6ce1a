import type { Scratch } from './scratch.ts';

/** Writes bits, lowest first. It writes whole words: the memory has four bytes to spare after the last. */
export class BitWriter {
  readonly memory: Scratch;
  /** Where the next whole byte goes. */
  at: number;
  /** Bits not yet written, fewer than eight. */
  pending = 0;
  pendingCount = 0;

  constructor(memory: Scratch, at: number) {
    this.memory = memory;
    this.at = at;
  }

  /** Adds the low `count` bits, at most 25; the bits above them are zero. */
  put(bits: number, count: number): void {
    const pending = this.pending | (bits << this.pendingCount);
    const pendingCount = this.pendingCount + count;
    this.memory.view.setUint32(this.at, pending, true);
    this.at += pendingCount >>> 3;
    this.pending = pendingCount === 32 ? 0 : pending >>> (pendingCount & 24);
    this.pendingCount = pendingCount & 7;
  }

  /** Fills the last byte with zeros. */
  align(): void {
    if (this.pendingCount === 0) return;
    this.at++;
    this.pending = 0;
    this.pendingCount = 0;
  }
}
