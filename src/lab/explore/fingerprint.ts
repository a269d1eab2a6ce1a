import type { Storage } from '#engine';
import { SECTOR } from '../guest/sector-content.ts';
import type { Atom } from '../disk/atoms.ts';
import type { TraceEvent } from '../trace/trace.ts';

/** Identifies a file content among all that one exploration meets: equal bytes, equal number. */
export type Fingerprint = number;

/**
 * The fingerprint of a file that differs from `before` (with fingerprint `known`) in `sectors` at most. Each sector
 * contributes by itself, so that only the touched ones are read.
 */
export function fingerprintAfter(
  known: Fingerprint,
  sectors: Iterable<number>,
  before: Storage,
  after: Storage,
): Fingerprint {
  let high = Math.floor(known / 2 ** 32);
  let low = known >>> 0;
  const bytes = new Uint8Array(SECTOR);
  for (const sector of sectors) {
    for (const storage of [before, after]) {
      storage.read(sector * SECTOR, bytes);
      const [h, l] = hashSector(sector, bytes);
      high ^= h;
      low ^= l;
    }
  }
  for (const { size } of [before, after]) {
    high ^= mixed(Math.imul(size, 0x27d4eb2d));
    low ^= mixed(Math.imul(size, 0x165667b1));
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

export function sectorsOfAtoms(atoms: readonly Atom[]): Set<number> {
  const sectors = new Set<number>();
  for (const atom of atoms) {
    if (atom.kind !== 'size') addRange(sectors, atom.at, atom.kind === 'sectors' ? atom.bytes.length : atom.length);
  }
  return sectors;
}

export function sectorsOfEvents(events: readonly TraceEvent[]): Set<number> {
  const sectors = new Set<number>();
  for (const event of events) {
    if (event.kind === 'write') addRange(sectors, event.at, event.after.length);
    if (event.kind === 'discard') addRange(sectors, event.at, event.before.length);
    if (event.kind === 'truncate') addRange(sectors, event.size, event.before.length);
  }
  return sectors;
}

function addRange(sectors: Set<number>, at: number, length: number): void {
  for (let sector = Math.floor(at / SECTOR); sector * SECTOR < at + length; sector++) sectors.add(sector);
}

/** 53 bits of FNV-1a over 32-bit words, twice with different starts. */
function hashSector(sector: number, bytes: Uint8Array): [number, number] {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, SECTOR / 4);
  let high = 0x811c9dc5 ^ sector;
  let low = 0x9e3779b9 ^ sector;
  for (const word of words) {
    high = Math.imul(high ^ word, 0x01000193);
    low = Math.imul(low ^ word, 0x85ebca6b);
    low ^= low >>> 15;
  }
  return [mixed(high), mixed(low)];
}

function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return h ^ (h >>> 16);
}
