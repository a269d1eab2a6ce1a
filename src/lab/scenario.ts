import type { CacheMode } from '#engine';

/** What the simulated guest does to its disk. Positions and lengths in bytes, multiples of 512. */
export type GuestOperation =
  | { readonly kind: 'write'; readonly at: number; readonly length: number }
  | { readonly kind: 'write-compressed'; readonly at: number; readonly length: number }
  | { readonly kind: 'write-zeroes'; readonly at: number; readonly length: number; readonly unmap: boolean }
  | { readonly kind: 'discard'; readonly at: number; readonly length: number }
  | { readonly kind: 'flush' }
  /** Clean close; an operation after it opens the image again. */
  | { readonly kind: 'close' };

export interface ScenarioImage {
  /** Bytes of the virtual disk. */
  readonly size: number;
  readonly clusterSize: number;
  readonly refcountBits: number;
  readonly compat: '0.10' | '1.1';
  readonly lazyRefcounts: boolean;
  readonly extendedL2: boolean;
  /** A raw backing file of the same size, full of recognisable sectors. */
  readonly backing: boolean;
  /** Done and cleanly closed before the recording starts. */
  readonly prepare: readonly GuestOperation[];
}

/**
 * The simulated disk below the image. Its volatile cache holds every write until the next flush; a power cut keeps any
 * subset of them (`any`) or a prefix (`in-order`), in units that are written whole or not at all.
 */
export interface DiskModel {
  readonly cache: 'volatile' | 'write-through';
  /** Bytes that persist together; a write is never torn inside one. `write`: whole writes persist or do not. */
  readonly atomicUnit: 512 | 4096 | 16384 | 'write';
  readonly order: 'any' | 'in-order';
}

/** Everything that a run depends on: the same scenario gives the same trace, byte for byte. */
export interface Scenario {
  readonly image: ScenarioImage;
  readonly cacheMode: CacheMode;
  readonly disk: DiskModel;
  readonly operations: readonly GuestOperation[];
}

/**
 * One power cut: after `cut` events were issued, and with these atoms of the open epoch on the media. The first crash
 * of a list is in the scenario's trace, each further one in the trace of the repair that follows the crash before it.
 */
export interface Crash {
  readonly cut: number;
  /** Indexes into the atoms of the open epoch at `cut`. Where several versions of a place are named, the latest wins. */
  readonly persisted: 'none' | 'all' | readonly number[];
}
