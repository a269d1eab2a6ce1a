import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { Suspension } from '../storage/suspension.ts';
import { freeNewDataClusters } from './data-clusters.ts';
import type { Image } from './image.ts';

/**
 * Runs what has to succeed before newly allocated clusters are linked. Nothing refers to them until then, so a failure
 * frees them at once; an operation that is only suspended keeps them.
 */
export function freeingOnFailure<T>(image: Image, hostOffset: HostOffset, clusterCount: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    undo(error, () => image.allocator.freeUnreferenced(hostOffset, clusterCount));
    throw error;
  }
}

/** Clusters that a write is about to fill and to link. */
export interface UnlinkedRun {
  readonly at: GuestOffset;
  readonly clusterCount: number;
  readonly hostOffset: HostOffset;
  /** They were allocated for this write; otherwise the L2 entries name them already. */
  readonly isNew: boolean;
}

/** Runs what comes before a run is linked; whoever is suspended in it has its guest clusters in flight. */
export function beforeLink<T>(image: Image, { at, clusterCount, hostOffset, isNew }: UnlinkedRun, work: () => T): T {
  const { clusterSize } = image.geometry;
  try {
    return work();
  } catch (error) {
    if (isNew) undoDataClusters(image, error, hostOffset, clusterCount);
    if (error instanceof Suspension) {
      error.inFlight.push({ at: at - (at % clusterSize), length: clusterCount * clusterSize });
    }
    throw error;
  }
}

/** For clusters of guest data that an error (or a breakpoint) kept from being linked. */
export function undoDataClusters(image: Image, error: unknown, hostOffset: HostOffset, clusterCount: number): void {
  if (clusterCount > 0) undo(error, () => freeNewDataClusters(image, hostOffset, clusterCount));
}

function undo(error: unknown, giveBack: () => void): void {
  if (error instanceof Suspension) error.hold(giveBack);
  else giveBack();
}
