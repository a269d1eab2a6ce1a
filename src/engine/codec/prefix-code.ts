/**
 * Lengths of an optimal prefix code with at most `lengthMax` bits for symbols that occur `frequencies[symbol]` times; 0
 * for those that do not. A single symbol gets length 1. Returns how many symbols have a code.
 */
export function codeLengths(
  frequencies: Uint32Array,
  symbolCount: number,
  lengthMax: number,
  lengths: Uint8Array,
): number {
  lengths.fill(0, 0, symbolCount);
  let used = 0;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    if (frequencies[symbol] !== 0) sorted[used++] = frequencies[symbol]! * SYMBOL_COUNT_MAX + symbol;
  }
  if (used === 0) return 0;
  if (used === 1) {
    lengths[sorted[0]! % SYMBOL_COUNT_MAX] = 1;
    return 1;
  }
  sorted.subarray(0, used).sort();
  for (let i = 0; i < used; i++) weights[i] = Math.floor(sorted[i]! / SYMBOL_COUNT_MAX);
  minimumRedundancy(used);
  limitLengths(used, lengthMax);

  // The rarest symbols come first, so they take the longest codes.
  let index = 0;
  for (let length = lengthMax; length >= 1; length--) {
    for (let n = lengthCounts[length]!; n > 0; n--) lengths[sorted[index++]! % SYMBOL_COUNT_MAX] = length;
  }
  return used;
}

const SYMBOL_COUNT_MAX = 512;
const sorted = new Float64Array(SYMBOL_COUNT_MAX);
const weights = new Float64Array(SYMBOL_COUNT_MAX);
const lengthCounts = new Uint16Array(SYMBOL_COUNT_MAX);

/** Moffat and Katajainen's in-place method: `weights`, ascending, become how many codes have each length. */
function minimumRedundancy(count: number): void {
  // First, weights of inner nodes replace those of leaves, and then each is replaced by the index of its parent.
  let leaf = 2;
  let root = 0;
  weights[0] = weights[0]! + weights[1]!;
  for (let next = 1; next < count - 1; next++) {
    if (leaf >= count || weights[root]! < weights[leaf]!) {
      weights[next] = weights[root]!;
      weights[root++] = next;
    } else weights[next] = weights[leaf++]!;
    if (leaf >= count || (root < next && weights[root]! < weights[leaf]!)) {
      weights[next]! += weights[root]!;
      weights[root++] = next;
    } else weights[next]! += weights[leaf++]!;
  }
  // Second, parents become depths.
  weights[count - 2] = 0;
  for (let next = count - 3; next >= 0; next--) weights[next] = weights[weights[next]!]! + 1;
  // Third, whatever places inner nodes leave free at a depth are leaves.
  lengthCounts.fill(0);
  let available = 1;
  let depth = 0;
  root = count - 2;
  let placed = 0;
  while (available > 0) {
    let inner = 0;
    while (root >= 0 && weights[root] === depth) {
      inner++;
      root--;
    }
    lengthCounts[depth] = available - inner;
    placed += available - inner;
    if (placed >= count) break;
    available = 2 * inner;
    depth++;
  }
}

/** Shortens codes beyond the limit, and pays for it with the longest that still can be made longer. */
function limitLengths(count: number, lengthMax: number): void {
  let space = 0;
  for (let length = count - 1; length > lengthMax; length--) {
    lengthCounts[lengthMax]! += lengthCounts[length]!;
    lengthCounts[length] = 0;
  }
  for (let length = 1; length <= lengthMax; length++) space += lengthCounts[length]! << (lengthMax - length);
  for (; space > 1 << lengthMax; space--) {
    let length = lengthMax - 1;
    while (lengthCounts[length] === 0) length--;
    // One code of `length` becomes the parent of itself and of one of the longest, whose place is given up.
    lengthCounts[length]!--;
    lengthCounts[length + 1]! += 2;
    lengthCounts[lengthMax]!--;
  }
}
