import { ceilDiv } from '../bytes/align.ts';
import type { GuestOffset } from '../format/addresses.ts';

export interface BitmapShape {
  /** Bytes of the disk that the bitmap is about. */
  readonly virtualSize: number;
  /** Bytes that one bit stands for, as a power of two. */
  readonly granularityBits: number;
  /** Bytes of a page: the image's cluster size, so that one page is what one entry of the bitmap table points to. */
  readonly pageSize: number;
}

/**
 * The bits of a bitmap in memory, laid out as on disk (bit k of the disk in byte k / 8, lowest bit first), in pages that
 * exist only where a bit is set.
 */
export class BitmapBits {
  readonly granularityBits: number;
  readonly pageSize: number;
  #virtualSize: number;
  /** One for each entry of the bitmap table; null: all bits are 0. */
  #pages: (Uint8Array | null)[];

  constructor({ virtualSize, granularityBits, pageSize }: BitmapShape) {
    this.granularityBits = granularityBits;
    this.pageSize = pageSize;
    this.#virtualSize = virtualSize;
    this.#pages = new Array<Uint8Array | null>(this.#pageCountOf(virtualSize)).fill(null);
  }

  get virtualSize(): number {
    return this.#virtualSize;
  }

  get bitCount(): number {
    return ceilDiv(this.#virtualSize, 2 ** this.granularityBits);
  }

  get pageCount(): number {
    return this.#pages.length;
  }

  page(index: number): Uint8Array | null {
    return this.#pages[index]!;
  }

  /** Takes over a page as read from disk; bits behind the end of the disk are dropped. */
  setPage(index: number, bytes: Uint8Array): void {
    this.#pages[index] = bytes;
    this.#clearBehindEnd();
  }

  /** Sets the bits of a range of the disk. */
  set(at: GuestOffset, length: number): void {
    if (length === 0) return;
    const granularity = 2 ** this.granularityBits;
    this.setBits(Math.floor(at / granularity), Math.floor((at + length - 1) / granularity) + 1);
  }

  /** Sets the bits from `first` up to, but without, `end`. */
  setBits(first: number, end: number): void {
    const bitsPerPage = this.pageSize * 8;
    for (let bit = first; bit < end;) {
      const index = Math.floor(bit / bitsPerPage);
      const pageEnd = Math.min(end, (index + 1) * bitsPerPage);
      fillBits(
        (this.#pages[index] ??= new Uint8Array(this.pageSize)),
        bit % bitsPerPage,
        pageEnd - index * bitsPerPage,
      );
      bit = pageEnd;
    }
  }

  clear(): void {
    this.#pages.fill(null);
  }

  /** Follows the disk to a new size: bits behind its end are dropped, new ones are 0. */
  resize(virtualSize: number): void {
    const pageCount = this.#pageCountOf(virtualSize);
    this.#virtualSize = virtualSize;
    while (this.#pages.length < pageCount) this.#pages.push(null);
    this.#pages.length = pageCount;
    this.#clearBehindEnd();
  }

  /** Sets every bit whose range of the disk has a set bit in `source`, whatever the granularities. */
  merge(source: BitmapBits): void {
    const sourceGranularity = 2 ** source.granularityBits;
    for (const { first, end } of source.runs()) {
      const at = first * sourceGranularity;
      this.set(at, Math.min(end * sourceGranularity, this.#virtualSize) - at);
    }
  }

  /** The runs of set bits, in order; a run ends at the end of a page at the latest. */
  *runs(): Generator<{ readonly first: number; readonly end: number }> {
    const bitsPerPage = this.pageSize * 8;
    for (const [index, page] of this.#pages.entries()) {
      if (page === null) continue;
      for (let bit = nextBit(page, 0, 1); bit < bitsPerPage;) {
        const end = nextBit(page, bit, 0);
        yield { first: index * bitsPerPage + bit, end: index * bitsPerPage + end };
        bit = nextBit(page, end, 1);
      }
    }
  }

  /** Every value is one that {@link bitCount} bits can have: nothing is set behind the end. */
  #clearBehindEnd(): void {
    const last = this.#pages.at(-1) ?? null;
    if (last === null) return;
    const used = this.bitCount - (this.#pages.length - 1) * this.pageSize * 8;
    const bytes = ceilDiv(used, 8);
    last.fill(0, bytes);
    if (used % 8 !== 0) last[bytes - 1]! &= (1 << (used % 8)) - 1;
  }

  #pageCountOf(virtualSize: number): number {
    return ceilDiv(ceilDiv(ceilDiv(virtualSize, 2 ** this.granularityBits), 8), this.pageSize);
  }
}

function fillBits(page: Uint8Array, first: number, end: number): void {
  const [firstByte, lastByte] = [first >> 3, (end - 1) >> 3];
  const headMask = (0xff << (first & 7)) & 0xff;
  const tailMask = 0xff >> (7 - ((end - 1) & 7));
  if (firstByte === lastByte) {
    page[firstByte]! |= headMask & tailMask;
    return;
  }
  page[firstByte]! |= headMask;
  page.fill(0xff, firstByte + 1, lastByte);
  page[lastByte]! |= tailMask;
}

/** The first bit from `from` on that has a value; the number of bits where there is none. */
function nextBit(page: Uint8Array, from: number, value: 0 | 1): number {
  const skipped = value === 1 ? 0 : 0xff;
  const end = page.length * 8;
  let bit = from;
  while (bit < end) {
    if ((bit & 7) === 0 && page[bit >> 3] === skipped) bit += 8;
    else if (((page[bit >> 3]! >> (bit & 7)) & 1) === value) return bit;
    else bit++;
  }
  return end;
}
