import { isEngineError, openImage, readAt, type Image, type Storage } from '#engine';
import { GUEST_STATUSES, type GuestRun, type GuestStatus, type GuestView } from '../crash-state.ts';
import type { ScenarioRun } from '../run/run-scenario.ts';
import type { Expectation, SectorValue } from './guest-model.ts';
import { SECTOR, contentText, isZero, writtenBytes } from './sector-content.ts';

/** What the guest finds on `media` in every sector that it had written before the cut. */
export function guestView(run: ScenarioRun, media: Storage, cut: number): GuestView {
  let image: Image;
  try {
    image = openImage(media, { backing: run.backing });
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return { runs: [], sectors: GUEST_STATUSES.map(() => 0), unreadable: error.message };
  }
  return guestViewOf(run, image, cut);
}

export function guestViewOf(run: ScenarioRun, image: Image, cut: number): GuestView {
  const runs: GuestRun[] = [];
  const sectors = GUEST_STATUSES.map(() => 0);
  for (const { sector, expectation, status, bytes } of judgeSectors(run, image, cut)) {
    sectors[GUEST_STATUSES.indexOf(status)]!++;
    const last = runs.at(-1);
    const next: GuestRun = {
      at: sector * SECTOR,
      length: SECTOR,
      status,
      writtenBy: expectation.writtenBy,
      holds: contentText(bytes),
    };
    if (last !== undefined && continues(last, next)) runs[runs.length - 1] = { ...last, length: last.length + SECTOR };
    else runs.push(next);
  }
  return { runs, sectors, unreadable: null };
}

export interface JudgedSector {
  readonly sector: number;
  readonly expectation: Expectation;
  readonly status: GuestStatus;
  readonly bytes: Uint8Array;
}

/** Reads every sector that an operation issued before the cut touched, and compares it with the reference model. */
export function* judgeSectors(run: ScenarioRun, image: Image, cut: number): Generator<JudgedSector> {
  const bytes = new Uint8Array(SECTOR);
  for (const sector of run.model.sectors) {
    const expectation = run.model.expect(sector, run.operations, cut);
    if (expectation.writtenBy < 0) continue;
    const status = statusOf(run, sector, expectation, readSector(image, sector, bytes));
    yield { sector, expectation, status, bytes };
  }
}

function readSector(image: Image, sector: number, bytes: Uint8Array): Uint8Array {
  try {
    readAt(image, sector * SECTOR, bytes);
  } catch (error) {
    // Unreadable bytes are as bad as foreign ones, and are shown as such.
    if (!isEngineError(error)) throw error;
    bytes.set(new TextEncoder().encode(`unreadable: ${error.message}`.padEnd(SECTOR).slice(0, SECTOR)));
  }
  return bytes;
}

/** The status of the sector's newest write; anything outside the allowed values breaks a promise. */
function statusOf(run: ScenarioRun, sector: number, expectation: Expectation, bytes: Uint8Array): GuestStatus {
  const { allowed, isAcked, isNewestAcked } = expectation;
  const found = allowed.findLastIndex((value) => holds(run, sector, value, bytes));
  if (found < 0) return isAcked && isOlderVersion(run, sector, bytes) ? 'acked-lost' : 'foreign';
  if (isNewestAcked) return 'acked-present';
  return found === allowed.length - 1 ? 'pending-present' : 'pending-lost';
}

/** Zeros, or something that stood here once. */
function isOlderVersion(run: ScenarioRun, sector: number, bytes: Uint8Array): boolean {
  return isZero(bytes) || run.model.valuesOf(sector).some((value) => holds(run, sector, value, bytes));
}

function holds(run: ScenarioRun, sector: number, value: SectorValue, bytes: Uint8Array): boolean {
  if (value.kind === 'zeros') return isZero(bytes);
  return isEqual(
    bytes,
    value.kind === 'original' ? originalSector(run, sector) : writtenBytes(value, sector * SECTOR, SECTOR),
  );
}

function originalSector(run: ScenarioRun, sector: number): Uint8Array {
  const bytes = new Uint8Array(SECTOR);
  readAt(run.original, sector * SECTOR, bytes);
  return bytes;
}

function continues(last: GuestRun, next: GuestRun): boolean {
  return (
    last.at + last.length === next.at &&
    last.status === next.status &&
    last.writtenBy === next.writtenBy &&
    last.holds === next.holds
  );
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
