const TWO_32 = 2 ** 32;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Reads an unsigned 64-bit integer as a number. Exact below 2^53, and for every multiple of 512 below 2^62, which covers
 * all offsets of the format; larger garbage loses its low bits, and is out of range wherever it is judged.
 */
export function getU64(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_32 + view.getUint32(at + 4);
}

export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_32));
  view.setUint32(at + 4, value % TWO_32);
}

/** Joins the two halves of a 64-bit integer; the same exactness as {@link getU64}. */
export function joinHalves(high: number, low: number): number {
  return (high >>> 0) * TWO_32 + (low >>> 0);
}
