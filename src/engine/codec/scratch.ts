import { assert } from '../assert.ts';

/** Codecs work on clusters, 2 MiB at most; with much more than this their 32-bit bit positions would overflow. */
const LENGTH_MAX = 2 ** 25;

/**
 * Working memory of a codec: it grows with the largest request and is used again by the next call. The engine is
 * synchronous, so one per codec is enough. Codecs read and write a few bytes beyond what they mean to, which saves a
 * bounds check a symbol; here that lands in slack instead of in memory of the caller.
 */
export class Scratch {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);

  /** Makes room for at least `length` bytes; what was in it may be lost. */
  reserve(length: number): void {
    if (this.bytes.length >= length) return;
    assert(length <= LENGTH_MAX, 'codecs take at most 32 MiB at once');
    this.bytes = new Uint8Array(2 ** Math.ceil(Math.log2(length)));
    this.view = new DataView(this.bytes.buffer);
  }
}
