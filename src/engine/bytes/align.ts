/** Rounds down to a multiple of `unit` (any positive integer; exact below 2^53). */
export function alignDown(value: number, unit: number): number {
  return value - (value % unit);
}

/** Rounds up to a multiple of `unit` (any positive integer; exact below 2^53). */
export function alignUp(value: number, unit: number): number {
  const rest = value % unit;
  return rest === 0 ? value : value - rest + unit;
}

export function ceilDiv(value: number, unit: number): number {
  return Math.ceil(value / unit);
}

export function isAligned(value: number, unit: number): boolean {
  return value % unit === 0;
}
