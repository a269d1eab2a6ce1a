import { decodeName, encodeName, printedName } from '../format/name.ts';
import type { SnapshotEntry } from '../format/snapshot-table.ts';
import { sizeText } from './size-text.ts';

/** The table of `qemu-img snapshot -l` and of `qemu-img info`; dates in local time, as there. */
export function snapshotListLines(snapshots: readonly SnapshotEntry[]): string[] {
  const headings = row('ID'.padEnd(10) + 'TAG'.padEnd(17), 'VM SIZE', 'DATE', 'VM CLOCK', 'ICOUNT');
  return ['Snapshot list:', headings, ...snapshots.map(snapshotLine)];
}

function snapshotLine({ id, name, vmStateSize, dateSeconds, vmClock, icount }: SnapshotEntry): string {
  const names = `${paddedByBytes(listedId(id), 9)} ${paddedByBytes(listedName(name), 16)} `;
  const count = icount === null ? '' : String(printedIcount(icount));
  return row(names, sizeText(vmStateSize), dateText(dateSeconds), clockText(vmClock), count);
}

/** QEMU lists no more of an id than this many bytes. */
export function listedId(id: string): string {
  return cut(printedName(id), 127);
}

/** QEMU lists no more of a name than this many bytes. */
export function listedName(name: string): string {
  return cut(printedName(name), 255);
}

function cut(name: string, lengthMax: number): string {
  return decodeName(encodeName(name).subarray(0, lengthMax));
}

/** QEMU prints a count of instructions with a sign. */
export function printedIcount(icount: bigint): bigint {
  return BigInt.asIntN(64, icount);
}

/** Columns are counted in bytes there, so a name beyond ASCII gets less padding. */
function paddedByBytes(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - encodeName(text).length));
}

function row(names: string, size: string, date: string, clock: string, icount: string): string {
  return names + size.padStart(8) + date.padStart(20) + clock.padStart(13) + icount.padStart(11);
}

function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = [String(date.getFullYear()), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

function clockText(nanoseconds: bigint): string {
  const milliseconds = Number(nanoseconds / 1_000_000n);
  const seconds = Math.floor(milliseconds / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return `${clock}.${String(milliseconds % 1000).padStart(3, '0')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
