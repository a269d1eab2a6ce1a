import {
  MemoryStorage,
  createImage,
  openImage,
  writeAt,
  type CacheMode,
  type HostOffset,
  type LongTask,
  type Purpose,
  type Storage,
} from '#engine';
import type { CostPerWrite, WorkloadCost } from '../cost.ts';
import { randomFrom } from '../explore/enumerate.ts';
import { useOf } from '../trace/structures.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const DISK_SIZE = 64 * GIB;
const WRITES = 1000;

export interface Workload {
  readonly label: string;
  readonly clusterSize: number;
  readonly writeSize: number;
  /** `sequential`: every write the next cluster · `random`: anywhere · `within`: several writes a cluster · `rewrite`. */
  readonly pattern: 'sequential' | 'random' | 'within' | 'rewrite';
  /** Measured with QEMU 7.2: writes, flushes and KiB of metadata for each guest write. */
  readonly qemu: {
    readonly syncEager: CostPerWrite;
    readonly syncLazy: CostPerWrite;
    readonly writeback: CostPerWrite | null;
  };
}

const cost = (writes: number, flushes: number, metadataKib: number): CostPerWrite => ({ writes, flushes, metadataKib });

/** What an allocating guest write costs: means over 1,000 writes into a fresh 64 GiB image. */
export const WORKLOADS: readonly Workload[] = [
  ...([4 * KIB, 64 * KIB] as const).map((writeSize): Workload => ({
    label: `64 KiB clusters, ${writeSize / KIB} KiB writes, sequential`,
    clusterSize: 64 * KIB,
    writeSize,
    pattern: 'sequential',
    qemu: { syncEager: cost(3, 2, 128), syncLazy: cost(2, 1, 64), writeback: cost(1, 0, 0) },
  })),
  ...([4 * KIB, 64 * KIB] as const).map((writeSize): Workload => ({
    label: `64 KiB clusters, ${writeSize / KIB} KiB writes, random`,
    clusterSize: 64 * KIB,
    writeSize,
    pattern: 'random',
    qemu: {
      syncEager: cost(3.381, 2.381, 144),
      syncLazy: cost(2.381, 1.381, 80),
      writeback: cost(1.837, 0.381, 45),
    },
  })),
  {
    label: '4 KiB clusters, 4 KiB writes, sequential',
    clusterSize: 4 * KIB,
    writeSize: 4 * KIB,
    pattern: 'sequential',
    qemu: { syncEager: cost(3.003, 2.003, 8), syncLazy: cost(2.003, 1.003, 4), writeback: cost(1.004, 0.003, 0) },
  },
  {
    label: '4 KiB clusters, 4 KiB writes, random',
    clusterSize: 4 * KIB,
    writeSize: 4 * KIB,
    pattern: 'random',
    qemu: { syncEager: cost(5.966, 4.966, 16), syncLazy: cost(4.966, 3.966, 12), writeback: cost(4.966, 2.966, 12) },
  },
  {
    label: '4 KiB clusters, 64 KiB writes, sequential',
    clusterSize: 4 * KIB,
    writeSize: 64 * KIB,
    pattern: 'sequential',
    qemu: { syncEager: cost(3.119, 2.113, 8.3), syncLazy: cost(2.12, 1.107, 4.3), writeback: cost(1.158, 0.12, 0.5) },
  },
  {
    label: '4 KiB clusters, 64 KiB writes, random',
    clusterSize: 4 * KIB,
    writeSize: 64 * KIB,
    pattern: 'random',
    qemu: { syncEager: cost(5.99, 4.985, 16), syncLazy: cost(4.992, 3.98, 12), writeback: cost(4.992, 2.99, 12) },
  },
  {
    label: '2 MiB clusters, 64 KiB writes, sequential',
    clusterSize: 2 * MIB,
    writeSize: 64 * KIB,
    pattern: 'sequential',
    qemu: { syncEager: cost(3, 2, 4096), syncLazy: cost(2, 1, 2048), writeback: cost(1, 0, 0) },
  },
  {
    label: '64 KiB clusters, 4 KiB writes, one in 16 allocates',
    clusterSize: 64 * KIB,
    writeSize: 4 * KIB,
    pattern: 'within',
    qemu: { syncEager: cost(1.124, 1.062, 8), syncLazy: cost(1.062, 1, 4), writeback: null },
  },
  {
    label: '64 KiB clusters, 4 KiB writes, rewriting',
    clusterSize: 64 * KIB,
    writeSize: 4 * KIB,
    pattern: 'rewrite',
    qemu: { syncEager: cost(1, 1, 0), syncLazy: cost(1, 1, 0), writeback: null },
  },
];

const MODES: readonly CacheMode[] = ['writethrough', 'directsync', 'writeback', 'none'];

/** Runs a workload with lazy refcounts off and on in each mode that QEMU was measured in. */
export function* measureWorkload(workload: Workload): LongTask<WorkloadCost> {
  const rows: WorkloadCost['rows'][number][] = [];
  for (const cacheMode of MODES) {
    for (const lazyRefcounts of [false, true]) {
      const ours = yield* measure(workload, cacheMode, lazyRefcounts);
      rows.push({ lazyRefcounts, cacheMode, ours, qemu: qemuCost(workload, cacheMode, lazyRefcounts) });
    }
  }
  return { label: workload.label, rows };
}

function qemuCost({ qemu }: Workload, cacheMode: CacheMode, lazyRefcounts: boolean): CostPerWrite | null {
  if (cacheMode === 'writeback' || cacheMode === 'none') return qemu.writeback;
  return lazyRefcounts ? qemu.syncLazy : qemu.syncEager;
}

function* measure(workload: Workload, cacheMode: CacheMode, lazyRefcounts: boolean): LongTask<CostPerWrite> {
  const storage = new CountingStorage();
  createImage(storage, { size: DISK_SIZE, clusterSize: workload.clusterSize, lazyRefcounts });
  const image = openImage(storage, { writable: true, cacheMode });
  const positions = positionsOf(workload);
  const bytes = new Uint8Array(workload.writeSize).fill(1);
  // The very first write makes the first L2 table, which is no part of what a write costs on average.
  writeAt(image, 0, bytes);
  if (workload.pattern === 'rewrite') for (const at of positions) writeAt(image, at, bytes);
  storage.reset();
  for (const [done, at] of positions.entries()) {
    writeAt(image, at, bytes);
    if (done % 64 === 63) yield { phase: 'workload', done, total: positions.length };
  }
  return cost(
    storage.writes / positions.length,
    storage.flushes / positions.length,
    storage.metadataBytes / KIB / positions.length,
  );
}

function positionsOf({ clusterSize, writeSize, pattern }: Workload): number[] {
  const random = randomFrom(42);
  const unit = pattern === 'within' ? writeSize : Math.max(clusterSize, writeSize);
  const places = DISK_SIZE / unit - 1;
  return Array.from({ length: WRITES }, (_, index) =>
    pattern === 'random' ? (1 + Math.floor(random() * places)) * unit : (1 + index) * unit,
  );
}

/** Counts host I/O; keeps metadata and forgets guest data, so that large workloads fit into memory. */
class CountingStorage implements Storage {
  readonly isReadOnly = false;
  readonly #metadata = new MemoryStorage();
  #size = 0;
  writes = 0;
  flushes = 0;
  metadataBytes = 0;

  get size(): number {
    return this.#size;
  }

  reset(): void {
    this.writes = 0;
    this.flushes = 0;
    this.metadataBytes = 0;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#metadata.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array, why: Purpose): void {
    this.writes++;
    this.#size = Math.max(this.#size, at + bytes.length);
    if (useOf(why) === 'data') return;
    this.metadataBytes += bytes.length;
    this.#metadata.write(at, bytes);
  }

  truncate(size: number): void {
    this.#size = size;
    this.#metadata.truncate(size);
  }

  discard(at: HostOffset, length: number): void {
    this.#metadata.discard(at, length);
  }

  flush(): void {
    this.flushes++;
  }

  close(): void {}
}
