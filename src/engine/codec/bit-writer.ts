import { target } from './scratch.ts';

/** Writes bits into `target`, lowest first, and whole words: what stands in the four bytes behind the last is lost. */
export class BitWriter {
  /** Where the next whole byte goes. */
  at: number;
  /** Bits not yet written, fewer than eight. */
  pending = 0;
  pendingCount = 0;

  constructor(at: number) {
    this.at = at;
  }

  /** Adds the low `count` bits, at most 25; the bits above them are zero. */
  put(bits: number, count: number): void {
    const pending = this.pending | (bits << this.pendingCount);
    const pendingCount = this.pendingCount + count;
    target.view.setUint32(this.at, pending, true);
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
