/** From `start` up to, and without, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A set of bytes as ranges in order, none of which touch. */
export class ByteRanges implements Iterable<ByteRange> {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #byteCount = 0;

  get rangeCount(): number {
    return this.#starts.length;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  *[Symbol.iterator](): Generator<ByteRange> {
    for (const [index, start] of this.#starts.entries()) yield { start, end: this.#ends[index]! };
  }

  add(start: number, end: number): void {
    if (start >= end) return;
    // Ranges that only touch are joined too.
    const first = this.#firstEndingFrom(start);
    let next = first;
    let joinedStart = start;
    let joinedEnd = end;
    for (; next < this.#starts.length && this.#starts[next]! <= end; next++) {
      joinedStart = Math.min(joinedStart, this.#starts[next]!);
      joinedEnd = Math.max(joinedEnd, this.#ends[next]!);
    }
    this.#replace(first, next, [{ start: joinedStart, end: joinedEnd }]);
  }

  remove(start: number, end: number): void {
    if (start >= end || this.#starts.length === 0) return;
    const first = this.#firstEndingFrom(start + 1);
    const left: ByteRange[] = [];
    let next = first;
    for (; next < this.#starts.length && this.#starts[next]! < end; next++) {
      const [from, to] = [this.#starts[next]!, this.#ends[next]!];
      if (from < start) left.push({ start: from, end: start });
      if (to > end) left.push({ start: end, end: to });
    }
    if (next > first) this.#replace(first, next, left);
  }

  clear(): void {
    this.#replace(0, this.#starts.length, []);
  }

  /** The index of the first range whose end is not before `position`. */
  #firstEndingFrom(position: number): number {
    let [low, high] = [0, this.#ends.length];
    // Most often what comes next lies behind all that there is.
    if (high > 0 && this.#ends[high - 1]! < position) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #replace(first: number, next: number, ranges: readonly ByteRange[]): void {
    for (let index = first; index < next; index++) this.#byteCount -= this.#ends[index]! - this.#starts[index]!;
    for (const { start, end } of ranges) this.#byteCount += end - start;
    this.#starts.splice(first, next - first, ...ranges.map(({ start }) => start));
    this.#ends.splice(first, next - first, ...ranges.map(({ end }) => end));
  }
}
