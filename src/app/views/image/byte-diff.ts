export const ROW_LENGTH = 16;

/** A row of 16 bytes (fewer at the ends) that differs somewhere. */
export interface DiffRow {
  readonly at: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** For each byte whether it changes. */
  readonly isChanged: readonly boolean[];
}

/** The rows that a write changes, aligned to multiples of 16, at most `rowsMax`, and how many more there are. */
export function diffRows(
  at: number,
  before: Uint8Array,
  after: Uint8Array,
  rowsMax: number,
): { rows: DiffRow[]; omitted: number } {
  const rows: DiffRow[] = [];
  let omitted = 0;
  const end = at + after.length;
  for (let rowAt = at - (at % ROW_LENGTH); rowAt < end; rowAt += ROW_LENGTH) {
    const from = Math.max(rowAt, at) - at;
    const to = Math.min(rowAt + ROW_LENGTH, end) - at;
    // A write past the old end of the file has fewer bytes before than after: there was nothing.
    const isChanged = Array.from({ length: to - from }, (_, index) => before[from + index] !== after[from + index]);
    if (!isChanged.includes(true)) continue;
    if (rows.length === rowsMax) omitted++;
    else rows.push({ at: at + from, before: before.subarray(from, to), after: after.subarray(from, to), isChanged });
  }
  return { rows, omitted };
}
