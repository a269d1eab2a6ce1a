import { fixedText } from '#engine';

const UNITS = ['EiB', 'PiB', 'TiB', 'GiB', 'MiB', 'KiB'];

/** A size as qemu-io prints it: three decimals, or none where they are zeros. */
export function ioSize(value: number): string {
  for (const [index, unit] of UNITS.entries()) {
    const scale = 1024 ** (UNITS.length - index);
    if (value >= scale) return withUnit(fixedText(value / scale, 3), unit);
  }
  return withUnit(value.toFixed(6), 'bytes');
}

function withUnit(digits: string, unit: string): string {
  const zeros = digits.indexOf('.000');
  return zeros >= 0 ? `${digits.slice(0, zeros)} ${unit}` : `${digits} ${unit}`;
}

export interface Operation {
  readonly name: 'read' | 'wrote' | 'discard';
  readonly at: number;
  readonly length: number;
  readonly milliseconds: number;
  readonly machineReadable: boolean;
}

/** The two lines (with `-C` one) that close a command. */
export function reportOf({ name, at, length, milliseconds, machineReadable }: Operation): string {
  const seconds = Math.max(milliseconds, 0.001) / 1000;
  if (machineReadable) {
    return `${length},1,${verboseTime(seconds)},${(length / seconds).toFixed(3)},${(1 / seconds).toFixed(3)}\n`;
  }
  const rate = `${ioSize(length / seconds)}/sec and ${(1 / seconds).toFixed(4)} ops/sec`;
  return (
    `${name} ${length}/${length} bytes at offset ${at}\n` + `${ioSize(length)}, 1 ops; ${time(seconds)} (${rate})\n`
  );
}

function time(seconds: number): string {
  return seconds < 1 ? `${pad(seconds)} sec` : verboseTime(seconds);
}

function verboseTime(seconds: number): string {
  const minutes = String(Math.floor((seconds % 3600) / 60)).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${minutes}:${pad(seconds % 60)}`;
}

function pad(seconds: number): string {
  return seconds.toFixed(2).padStart(5, '0');
}

const BYTES_PER_ROW = 16;
const ROWS_PER_PART = 256;
const HEX = Array.from({ length: 256 }, (_, byte) => `${byte.toString(16).padStart(2, '0')} `);
const CHARACTERS = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte).replace(/[^0-9A-Za-z]/, '.'));

/** Sixteen bytes a line in hex and as characters, some hundred lines at a time. */
export function* dump(bytes: Uint8Array, at: number): Generator<string> {
  let rows = '';
  for (let start = 0; start < bytes.length; start += BYTES_PER_ROW) {
    rows += dumpRow(bytes.subarray(start, start + BYTES_PER_ROW), at + start);
    if ((start / BYTES_PER_ROW) % ROWS_PER_PART !== ROWS_PER_PART - 1) continue;
    yield rows;
    rows = '';
  }
  yield rows;
}

function dumpRow(bytes: Uint8Array, at: number): string {
  let hex = '';
  let text = '';
  for (const byte of bytes) {
    hex += HEX[byte]!;
    text += CHARACTERS[byte]!;
  }
  return `${at.toString(16).padStart(8, '0')}:  ${hex} ${text}\n`;
}
