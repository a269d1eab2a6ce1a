/** The subclusters that bytes `skip` to `skip + length` of a cluster touch, as bits 0–31. Spec: "Extended L2 Entries". */
export function subclusterMask(subclusterSize: number, skip: number, length: number): number {
  const first = Math.floor(skip / subclusterSize);
  const last = Math.floor((skip + length - 1) / subclusterSize);
  return (bitsBelow(last + 1) & ~bitsBelow(first)) >>> 0;
}

export function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

export function highestBit(mask: number): number {
  return 31 - Math.clz32(mask);
}

function bitsBelow(index: number): number {
  return index >= 32 ? 0xffffffff : (2 ** index - 1) >>> 0;
}
