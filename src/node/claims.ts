import { readFileSync } from 'node:fs';
import type { FileClaims } from '#console';
import { lookAt } from './look-at.ts';

const NOTHING: FileClaims = { isWritten: false, isKept: false };

/** The bytes that QEMU locks for what it does with a file, and for what others may not do (block/file-posix.c). */
const WRITES = 101;
const KEEPS_WRITERS_OUT = 201;

/**
 * What other programs have claimed of a file, by the list of all locks that Linux has. Nothing, where there is no such list.
 * This process's own locks would count too: it takes none.
 */
export function claimsOn(path: string): FileClaims {
  const locks = locksOfThisTurn();
  const stat = locks === null ? null : lookAt(path);
  if (locks === null || stat === null) return NOTHING;
  const file = `${hex(majorOf(stat.dev))}:${hex(minorOf(stat.dev))}:${stat.ino}`;
  const isLocked = (byte: number) => locks.some((lock) => lock.file === file && lock.start <= byte && byte <= lock.end);
  return { isWritten: isLocked(WRITES), isKept: isLocked(KEEPS_WRITERS_OUT) };
}

interface Lock {
  /** Numbers of its device and on it, as the list has them. */
  readonly file: string;
  readonly start: number;
  /** The last byte. */
  readonly end: number;
}

/** Undefined: not looked at in this turn of the event loop. */
let found: readonly Lock[] | null | undefined;

/**
 * The list as it was in this turn of the event loop: Linux waits some 10 ms for all processors before it shows it, and a command
 * asks of each file that it opens.
 */
function locksOfThisTurn(): readonly Lock[] | null {
  if (found === undefined) {
    found = listOfLocks();
    setImmediate(() => (found = undefined));
  }
  return found;
}

/** Null where the system has none. */
function listOfLocks(): Lock[] | null {
  let text: string;
  try {
    text = readFileSync('/proc/locks', 'latin1');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  return locksIn(text);
}

/** The byte ranges in a list like `/proc/locks` (proc(5)); who waits for one does not have it. */
export function locksIn(text: string): Lock[] {
  const form = /^\d+: (?:OFDLCK|POSIX) +\S+ +\S+ +-?\d+ (\S+) (\d+) (\d+|EOF)$/gm;
  return Array.from(text.matchAll(form), ([, file = '', start, end]) => ({
    file,
    start: Number(start),
    end: end === 'EOF' ? Infinity : Number(end),
  }));
}

function hex(number: bigint): string {
  return number.toString(16).padStart(2, '0');
}

/** Device numbers as C libraries put them together (makedev(3)). */
function majorOf(dev: bigint): bigint {
  return ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
}

function minorOf(dev: bigint): bigint {
  return (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
}
