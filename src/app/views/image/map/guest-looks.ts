import type { GuestUse } from '#protocol';

/** What a part of the guest's disk is, and the custom property that colours it. */
export const GUEST_LOOKS: Readonly<Record<GuestUse, { readonly name: string; readonly color: string }>> = {
  unallocated: { name: 'never written, reads as zeros', color: '--use-free' },
  zero: { name: 'zeros', color: '--surface-3' },
  data: { name: 'data', color: '--use-data' },
  compressed: { name: 'compressed', color: '--use-stripe' },
  backing: { name: 'from the backing file', color: '--use-luks' },
};

/** The share of the strip that a guest range covers, as two fractions. */
export function rangeOnStrip(offset: number, length: number, virtualSize: number): { start: number; share: number } {
  if (virtualSize === 0) return { start: 0, share: 0 };
  const start = Math.min(1, offset / virtualSize);
  return { start, share: Math.min(1 - start, length / virtualSize) };
}

/** The guest offset at a fraction of the strip, at the beginning of its bucket. */
export function guestOffsetAt(fraction: number, buckets: number, virtualSize: number): number {
  const bucket = Math.min(buckets - 1, Math.max(0, Math.floor(fraction * buckets)));
  return Math.floor((bucket * virtualSize) / buckets);
}
