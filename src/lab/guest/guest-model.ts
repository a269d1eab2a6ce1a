import { SECTOR, type Author } from './sector-content.ts';
import type { GuestOperation } from '../scenario.ts';

/** What a sector can hold; `original` is whatever read there before the recording. */
export type SectorValue = Author | { readonly kind: 'zeros' } | { readonly kind: 'original' };

export const ZEROS: SectorValue = { kind: 'zeros' };
export const ORIGINAL: SectorValue = { kind: 'original' };

interface Version {
  readonly value: SectorValue;
  /** Operation that issued it; -1: it stood there before the recording. */
  readonly operation: number;
  /** A discard is a hint: the sector may keep what it held. */
  readonly mayKeepOld: boolean;
}

/** When an operation of the guest began and was acknowledged, in numbers of host events issued. */
export interface OperationSpan {
  readonly begin: number;
  readonly end: number;
  readonly promise: Promised;
}

/** What its acknowledgement promises to be durable: nothing, its own sectors, or everything issued before it. */
export type Promised = 'nothing' | 'itself' | 'everything';

/** What a guest sector may hold after a power cut. */
export interface Expectation {
  /** The last operation issued before the cut that wrote the sector; -1: none. */
  readonly writtenBy: number;
  /** Something stood here that was promised to be durable: by an acknowledgement, or since before the recording. */
  readonly isAcked: boolean;
  /** That last operation itself was promised to be durable. */
  readonly isNewestAcked: boolean;
  /** Every value that keeps all promises, the newest last. */
  readonly allowed: readonly SectorValue[];
}

/**
 * The reference model of the guest's disk: for every sector its versions in the order in which they were issued, and
 * which of them were promised to be durable. It knows nothing of qcow2.
 */
export class GuestModel {
  readonly #versions = new Map<number, Version[]>();
  readonly #isAllocatedBefore: (sector: number) => boolean;

  /** `isAllocatedBefore`: the image itself, not its backing file, held the sector when the recording began. */
  constructor(isAllocatedBefore: (sector: number) => boolean) {
    this.#isAllocatedBefore = isAllocatedBefore;
  }

  /** Sectors that any operation touched, ascending. */
  get sectors(): number[] {
    return [...this.#versions.keys()].sort((a, b) => a - b);
  }

  issue(operation: GuestOperation, index: number, author: Author): void {
    if (operation.kind === 'flush' || operation.kind === 'close') return;
    const value = operation.kind === 'write' || operation.kind === 'write-compressed' ? author : ZEROS;
    const mayKeepOld = operation.kind === 'discard';
    const end = Math.ceil((operation.at + operation.length) / SECTOR);
    for (let sector = Math.floor(operation.at / SECTOR); sector < end; sector++) {
      this.#versionsOf(sector).push({ value, operation: index, mayKeepOld });
    }
  }

  /** Every sector of the range was written before. */
  hasWritten(at: number, length: number): boolean {
    for (let sector = Math.floor(at / SECTOR); sector * SECTOR < at + length; sector++) {
      if (!this.#versions.has(sector) && !this.#isAllocatedBefore(sector)) return false;
    }
    return true;
  }

  /** All values that the sector ever had, the oldest first. */
  valuesOf(sector: number): SectorValue[] {
    return this.#versionsOf(sector).map((version) => version.value);
  }

  /** What `sector` may hold when power fails after `cut` host events. */
  expect(sector: number, spans: readonly OperationSpan[], cut: number): Expectation {
    const issued = this.#versionsOf(sector).filter((v) => v.operation < 0 || isIssued(spans[v.operation]!, cut));
    const required = issued.findLastIndex((v) => v.operation < 0 || isDurable(v.operation, spans, cut));
    const isAcked = required > 0 || this.#isAllocatedBefore(sector);
    let first = required;
    while (first > 0 && issued[first]!.mayKeepOld) first--;
    const allowed = issued.slice(first);
    return {
      writtenBy: issued.at(-1)!.operation,
      isAcked,
      isNewestAcked: required === issued.length - 1,
      allowed: allowed.map((v) => v.value),
    };
  }

  #versionsOf(sector: number): Version[] {
    let versions = this.#versions.get(sector);
    if (versions === undefined) {
      versions = [{ value: ORIGINAL, operation: -1, mayKeepOld: false }];
      this.#versions.set(sector, versions);
    }
    return versions;
  }
}

/** Its first event was issued, or it needed none and was acknowledged. */
export function isIssued({ begin, end }: OperationSpan, cut: number): boolean {
  return begin < cut || end <= cut;
}

/** An acknowledgement that promises its durability came before the cut. */
function isDurable(operation: number, spans: readonly OperationSpan[], cut: number): boolean {
  for (let index = operation; index < spans.length && spans[index]!.end <= cut; index++) {
    const { promise } = spans[index]!;
    if (promise === 'everything' || (promise === 'itself' && index === operation)) return true;
  }
  return false;
}
