/** A named range of bytes; the hex view shows where one ends and the next begins. */
export interface ByteLabel {
  readonly at: number;
  readonly length: number;
  readonly label: string;
  readonly value: string;
  readonly meaning: string;
  /** Offset that the value points to, if it is a pointer. */
  readonly target: number | null;
}

export interface HexCell {
  readonly at: number;
  /** Two hex digits, or two dots while the byte is being fetched. */
  readonly hex: string;
  readonly text: string;
  /** Index into the labels, -1 where no label covers the byte. */
  readonly label: number;
}

/** The cells of one row; bytes that have not arrived yet are null. */
export function hexCells(
  rowAt: number,
  rowLength: number,
  size: number,
  byteAt: (at: number) => number | null,
  labels: readonly ByteLabel[],
): HexCell[] {
  const end = Math.min(rowAt + rowLength, size);
  const cells: HexCell[] = [];
  let label = firstLabelEndingAfter(labels, rowAt);
  for (let at = rowAt; at < end; at++) {
    while (label < labels.length && labels[label]!.at + labels[label]!.length <= at) label++;
    const isLabelled = label < labels.length && labels[label]!.at <= at;
    const byte = byteAt(at);
    cells.push({
      at,
      hex: byte === null ? '··' : byte.toString(16).padStart(2, '0'),
      text: byte === null ? ' ' : printable(byte),
      label: isLabelled ? label : -1,
    });
  }
  return cells;
}

/** The label that covers a byte. Labels are sorted and do not overlap. */
export function labelAt(labels: readonly ByteLabel[], at: number): ByteLabel | null {
  const label = labels[firstLabelEndingAfter(labels, at)];
  return label !== undefined && label.at <= at ? label : null;
}

/** Hex digits that offsets of a file of this size need, at least eight. */
export function offsetDigits(size: number): number {
  return Math.max(8, Math.max(0, size - 1).toString(16).length);
}

export type CopyForm = 'hex' | 'c' | 'base64';

/** Bytes as text for the clipboard. */
export function bytesAsText(bytes: Uint8Array, form: CopyForm): string {
  switch (form) {
    case 'hex':
      return Array.from(bytes, hexByte).join(' ');
    case 'c':
      return `{ ${Array.from(bytes, (byte) => `0x${hexByte(byte)}`).join(', ')} }`;
    case 'base64':
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  }
}

function firstLabelEndingAfter(labels: readonly ByteLabel[], at: number): number {
  let low = 0;
  let high = labels.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (labels[middle]!.at + labels[middle]!.length <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}
