import { estimateMicroseconds, type CacheMode, type CostRow, type Latencies } from '#protocol';

/** A cache mode with lazy refcounts off and on beside each other. */
export interface CostComparison {
  readonly cacheMode: CacheMode;
  readonly eager: CostCell;
  readonly lazy: CostCell;
  /** Time with lazy refcounts on, as a share of the time with them off. */
  readonly timeRatio: number | null;
}

export interface CostCell {
  readonly writes: number;
  readonly flushes: number;
  readonly metadataBytes: number;
  readonly microseconds: number;
}

export function costComparisons(rows: readonly CostRow[], latencies: Latencies): CostComparison[] {
  const modes = [...new Set(rows.map((row) => row.cacheMode))];
  return modes.flatMap((cacheMode) => {
    const off = rows.find((row) => row.cacheMode === cacheMode && !row.lazyRefcounts);
    const on = rows.find((row) => row.cacheMode === cacheMode && row.lazyRefcounts);
    if (off === undefined || on === undefined) return [];
    const eager = costCell(off, latencies);
    const lazy = costCell(on, latencies);
    const timeRatio = eager.microseconds === 0 ? null : lazy.microseconds / eager.microseconds;
    return [{ cacheMode, eager, lazy, timeRatio }];
  });
}

function costCell({ counts }: CostRow, latencies: Latencies): CostCell {
  return {
    writes: counts.writes,
    flushes: counts.flushes,
    metadataBytes: counts.metadataBytes,
    microseconds: estimateMicroseconds(counts, latencies),
  };
}

/** Latencies to choose from, as people know their disks. */
export const DISK_LATENCIES = [
  { name: 'NVMe with power-loss protection', writeMicroseconds: 20, flushMicroseconds: 30 },
  { name: 'NVMe', writeMicroseconds: 20, flushMicroseconds: 1000 },
  { name: 'SATA SSD', writeMicroseconds: 60, flushMicroseconds: 3000 },
  { name: 'Hard disk', writeMicroseconds: 500, flushMicroseconds: 12_000 },
] as const satisfies readonly (Latencies & { name: string })[];
