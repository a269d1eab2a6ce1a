import { EngineError } from '#engine';
import { parseSize } from '../text/sizes.ts';
import type { IoSession } from './session.ts';

/** The longest request: just below 2 GiB. */
export const REQUEST_LENGTH_MAX = 2147483136;

/** A command of qemu-io. `run` returns whether it succeeded; what it prints it has printed. */
export interface IoCommand {
  readonly name: string;
  readonly alias?: string;
  readonly argumentsMin: number;
  /** null: any number. */
  readonly argumentsMax: number | null;
  readonly worksWithoutFile?: boolean;
  readonly writes?: boolean;
  /** The arguments; null: none. */
  readonly usage: string | null;
  readonly summary: string;
  readonly help: string;
  run(session: IoSession, args: readonly string[]): Promise<boolean> | boolean;
}

/** What a command says of arguments that it cannot use, on standard output; the command fails. */
export class IoRefusal extends Error {}

/** What a command says of an option on standard error, behind the program's name; the command fails. */
export class IoComplaint extends Error {}

/** @throws IoRefusal */
export function numberOf(text: string, blamed = text): number {
  const value = parseSize(text);
  if (value === 'not-a-number') {
    throw new IoRefusal(`Parsing error: non-numeric argument, or extraneous/unrecognized suffix -- ${blamed}`);
  }
  if (value === 'out-of-range') throw new IoRefusal(`Parsing error: argument too large -- ${blamed}`);
  return value;
}

/** @throws IoRefusal */
export function lengthOf(text: string): number {
  const length = numberOf(text);
  if (length > REQUEST_LENGTH_MAX) throw new IoRefusal(`length cannot exceed ${REQUEST_LENGTH_MAX}, given ${text}`);
  return length;
}

/** @throws IoRefusal when one length or their sum is more than a request may have */
export function totalLength(texts: readonly string[]): number {
  let total = 0;
  for (const text of texts) {
    const length = numberOf(text);
    if (length > REQUEST_LENGTH_MAX) {
      throw new IoRefusal(`Argument '${text}' exceeds maximum size ${REQUEST_LENGTH_MAX}`);
    }
    if (total > REQUEST_LENGTH_MAX - length) {
      throw new IoRefusal(`The total number of bytes exceed the maximum size ${REQUEST_LENGTH_MAX}`);
    }
    total += length;
  }
  return total;
}

/** @throws IoRefusal */
export function patternOf(text: string): number {
  const value = parseInteger(text);
  if (!(value >= 0 && value <= 255)) throw new IoRefusal(`${text} is not a valid pattern byte`);
  return value;
}

/** Judges a `-P` where it stands. @throws IoRefusal */
export function judgePattern(name: string, value: string): void {
  if (name === 'P') patternOf(value);
}

/** As C's strtol with base 0, a leading 0 means octal; NaN for what is no integer. */
export function parseInteger(text: string): number {
  const match = /^\s*([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(text);
  if (match === null) return NaN;
  const [, sign, hex, octal, decimal] = match;
  const value = hex !== undefined ? parseInt(hex, 16) : octal !== undefined ? parseInt(octal, 8) : Number(decimal);
  return sign === '-' ? -value : value;
}

/** @throws IoRefusal */
export function mustBeSectors(value: number, name: string): void {
  if (value % 512 !== 0) throw new IoRefusal(`${value} is not a sector-aligned value for '${name}'`);
}

/** @throws EngineError io, as QEMU answers requests beyond the end of the disk */
export function mustLieWithin(session: IoSession, at: number, length: number): void {
  if (at + length > session.disk.length) throw new EngineError('io', 'The request goes beyond the end of the disk.');
}

/** The arguments do not have the command's form. */
export class IoUsage extends Error {}
