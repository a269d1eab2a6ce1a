import { extentAt, type Extent, type Image, type LongTask } from '#engine';
import { GUEST_USES, type GuestExtent, type GuestUse } from '#protocol';

/** Where uses share a bucket, the later one is shown. */
const BY_WEIGHT: readonly GuestUse[] = ['unallocated', 'backing', 'zero', 'compressed', 'data'];
const WEIGHT_OF = new Map(BY_WEIGHT.map((use, weight) => [use, weight]));
const CODE_OF_WEIGHT = Uint8Array.from(BY_WEIGHT, (use) => GUEST_USES.indexOf(use));

export interface GuestMap {
  readonly use: Uint8Array<ArrayBuffer>;
  readonly virtualSize: number;
}

/** What each of `buckets` equal parts of the virtual disk is. Costs one step an extent, however large. */
export function* guestMap(image: Image, buckets: number): LongTask<GuestMap> {
  const { virtualSize } = image;
  const weights = new Uint8Array(buckets);
  for (let at = 0; at < virtualSize;) {
    const extent = extentAt(image, at, virtualSize - at);
    const weight = WEIGHT_OF.get(useOf(image, extent, at))!;
    const first = Math.floor((at / virtualSize) * buckets);
    at += extent.length;
    const last = Math.min(buckets, Math.ceil((at / virtualSize) * buckets));
    for (let bucket = first; bucket < last; bucket++) weights[bucket] = Math.max(weights[bucket]!, weight);
    yield { phase: 'guest-map', done: at, total: virtualSize };
  }
  return { use: weights.map((weight) => CODE_OF_WEIGHT[weight]!), virtualSize };
}

/** What the bytes of a part of the disk are. */
export function guestExtents(image: Image, from: number, length: number): GuestExtent[] {
  const extents: GuestExtent[] = [];
  for (let at = from; at < from + length;) {
    const extent = extentAt(image, at, from + length - at);
    const hostOffset = extent.hostOffset === null ? null : (extent.hostOffset as number);
    extents.push({ at, length: extent.length, use: useOf(image, extent, at), hostOffset });
    at += extent.length;
  }
  return extents;
}

function useOf({ backing }: Image, { kind }: Extent, at: number): GuestUse {
  if (kind !== 'unallocated') return kind;
  return backing !== null && at < backing.virtualSize ? 'backing' : 'unallocated';
}
