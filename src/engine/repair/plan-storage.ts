import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { StorageRange, Purpose, Storage } from '../storage/storage.ts';
import type { RepairStep, RepairStepKind, RepairWrite } from './step.ts';

const PAGE_SIZE = 4096;
/** The unit of change: what a disk writes whole or not at all. */
const SECTOR_SIZE = 512;
const SECTORS_PER_PAGE = PAGE_SIZE / SECTOR_SIZE;
/** Contents of freed clusters that a plan keeps for undoing. */
const KEPT_SIZE_MAX = 64 * 1024 * 1024;

interface TouchedPage {
  readonly before: Uint8Array;
  /** What each sector was written for, null where it was not. */
  readonly purposes: (Purpose | null)[];
}

interface Hole {
  at: HostOffset;
  length: number;
  readonly purpose: Purpose;
}

/**
 * The image as a repair will leave it: reads see what was written so far, the storage below is never written. What is
 * written between two calls of `endStep` becomes a step, reduced to the sectors that really change or may have to.
 */
export class PlanStorage implements Storage {
  readonly isReadOnly = false;
  readonly steps: RepairStep[] = [];
  readonly willRead?: (ranges: readonly StorageRange[]) => void;
  readonly #base: Storage;
  readonly #keepsDiscarded: boolean;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #touched = new Map<number, TouchedPage>();
  #holes: Hole[] = [];
  /** Of earlier steps. What stood there may read as zeros by now, or as before. */
  readonly #holesBefore: Hole[] = [];
  #keptSize = 0;
  #size: number;
  #sizeBeforeStep: number;

  constructor(base: Storage, { keepsDiscarded }: { keepsDiscarded: boolean }) {
    this.#base = base;
    if (base.willRead !== undefined) this.willRead = (ranges) => base.willRead!(ranges);
    this.#keepsDiscarded = keepsDiscarded;
    this.#size = base.size;
    this.#sizeBeforeStep = base.size;
  }

  get size(): number {
    return this.#size;
  }

  read(at: HostOffset, into: Uint8Array): void {
    if (at < this.#base.size) this.#base.read(at, into);
    else into.fill(0);
    if (this.#pages.size === 0) return;
    const last = Math.floor((at + into.length - 1) / PAGE_SIZE);
    for (let index = Math.floor(at / PAGE_SIZE); index <= last; index++) {
      const page = this.#pages.get(index);
      if (page === undefined) continue;
      const start = index * PAGE_SIZE;
      const from = Math.max(at, start);
      const to = Math.min(at + into.length, start + PAGE_SIZE);
      into.set(page.subarray(from - start, to - start), from - at);
    }
  }

  write(at: HostOffset, bytes: Uint8Array, why: Purpose): void {
    for (let done = 0; done < bytes.length;) {
      const index = Math.floor((at + done) / PAGE_SIZE);
      const start = at + done - index * PAGE_SIZE;
      const length = Math.min(PAGE_SIZE - start, bytes.length - done);
      const page = this.#touch(index, start, length, why);
      page.set(bytes.subarray(done, done + length), start);
      done += length;
    }
    this.#size = Math.max(this.#size, at + bytes.length);
  }

  /** Only ever grows the file. */
  truncate(size: number): void {
    this.#size = Math.max(this.#size, size);
  }

  discard(at: HostOffset, length: number, why: Purpose): void {
    const last = this.#holes.at(-1);
    if (last !== undefined && last.at + last.length === at && last.purpose === why) last.length += length;
    else this.#holes.push({ at, length, purpose: why });
  }

  flush(): void {
    // Every step ends with a flush; there is nothing to make durable while planning.
  }

  close(): void {
    throw new EngineError('invalid-argument', 'A planned repair is not a storage of its own.');
  }

  /** Closes the step; nothing comes of it if nothing changed. `count` and `messages` are for the sentence beside it. */
  endStep(kind: RepairStepKind, { count, messages }: { count: number; messages: readonly string[] }): void {
    const writes = [...this.#growth(), ...this.#changedSectors()];
    if (writes.length > 0) writes.push({ kind: 'flush', purpose: 'flush-repair' });
    const holes = this.#holes.map((hole) => this.#discardOf(hole));
    if (holes.length > 0) writes.push(...holes, { kind: 'flush', purpose: 'flush-repair' });
    this.#touched.clear();
    this.#holesBefore.push(...this.#holes);
    this.#holes = [];
    this.#sizeBeforeStep = this.#size;
    if (writes.length === 0) return;
    this.steps.push({ kind, writes, count, messages });
  }

  #touch(index: number, start: number, length: number, why: Purpose): Uint8Array {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint8Array(PAGE_SIZE);
      if (index * PAGE_SIZE < this.#base.size) this.#base.read(index * PAGE_SIZE, page);
      this.#pages.set(index, page);
    }
    let touched = this.#touched.get(index);
    if (touched === undefined) {
      touched = { before: page.slice(), purposes: new Array<Purpose | null>(SECTORS_PER_PAGE).fill(null) };
      this.#touched.set(index, touched);
    }
    const last = Math.floor((start + length - 1) / SECTOR_SIZE);
    for (let sector = Math.floor(start / SECTOR_SIZE); sector <= last; sector++) touched.purposes[sector] = why;
    return page;
  }

  /** Growth that no write brings about. */
  #growth(): RepairWrite[] {
    let end = this.#sizeBeforeStep;
    for (const [index, { purposes }] of this.#touched) {
      const last = purposes.findLastIndex((purpose) => purpose !== null);
      end = Math.max(end, index * PAGE_SIZE + (last + 1) * SECTOR_SIZE);
    }
    if (this.#size <= end) return [];
    return [{ kind: 'truncate', before: this.#sizeBeforeStep, after: this.#size, purpose: 'repair-truncate' }];
  }

  #changedSectors(): RepairWrite[] {
    const runs: SectorRun[] = [];
    for (const index of [...this.#touched.keys()].sort((a, b) => a - b)) {
      const { before, purposes } = this.#touched.get(index)!;
      const page = this.#pages.get(index)!;
      for (let sector = 0; sector < SECTORS_PER_PAGE; sector++) {
        const purpose = purposes[sector]!;
        const start = sector * SECTOR_SIZE;
        const at = index * PAGE_SIZE + start;
        if (purpose === null) continue;
        const old = before.subarray(start, start + SECTOR_SIZE);
        const now = page.subarray(start, start + SECTOR_SIZE);
        if (at < this.#sizeBeforeStep && areEqual(old, now) && !this.#mayBeLost(at, now)) continue;
        appendSector(runs, { at, before: old, after: now, purpose });
      }
    }
    return runs.map(writeOf);
  }

  /** Whether a sector that was to keep its bytes may have lost them to a hole. */
  #mayBeLost(at: HostOffset, sector: Uint8Array): boolean {
    const isInHole = (hole: Hole) => at < hole.at + hole.length && at + SECTOR_SIZE > hole.at;
    return sector.some((byte) => byte !== 0) && this.#holesBefore.some(isInHole);
  }

  #discardOf({ at, length, purpose }: Hole): RepairWrite {
    const isKept = this.#keepsDiscarded && this.#keptSize + length <= KEPT_SIZE_MAX;
    let before: Uint8Array | null = null;
    if (isKept) {
      before = new Uint8Array(length);
      this.read(at, before);
      this.#keptSize += length;
    }
    return { kind: 'discard', at, length, before, purpose };
  }
}

/** Sectors that follow one another, so that a whole block is one write. */
interface SectorRun {
  readonly at: HostOffset;
  readonly purpose: Purpose;
  readonly before: Uint8Array[];
  readonly after: Uint8Array[];
}

function appendSector(
  runs: SectorRun[],
  sector: { at: HostOffset; before: Uint8Array; after: Uint8Array; purpose: Purpose },
): void {
  const last = runs.at(-1);
  if (last?.purpose === sector.purpose && last.at + last.after.length * SECTOR_SIZE === sector.at) {
    last.before.push(sector.before);
    last.after.push(sector.after);
  } else {
    runs.push({ at: sector.at, purpose: sector.purpose, before: [sector.before], after: [sector.after] });
  }
}

function writeOf({ at, purpose, before, after }: SectorRun): RepairWrite {
  return { kind: 'write', at, before: joined(before), after: joined(after), purpose };
}

function joined(sectors: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(sectors.length * SECTOR_SIZE);
  sectors.forEach((sector, index) => whole.set(sector, index * SECTOR_SIZE));
  return whole;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
