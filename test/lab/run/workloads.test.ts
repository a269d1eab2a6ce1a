import { describe, expect, it, vi } from 'vitest';
import { drain } from '#engine';
import { WORKLOADS, measureWorkload } from '#lab';
import { LAB_WORKLOADS } from '#protocol';

vi.setConfig({ testTimeout: 60_000 });

/** QEMU's figures are means over 1,000 writes, rounded to the third place; metadata to whole or tenths of a KiB. */
const ROUNDING = 0.0006;
const METADATA_ROUNDING = 0.05;

// Where ours are lower: a new L2 table and the refcount it needs share one flush, and its L1 entry is made durable by
// the next flush that comes anyway (fewer flushes wherever L2 tables are new: random writes, 4 KiB clusters). While the
// dirty bit stands, a new L2 table does not wait for refcounts (fewer writes, lazily). Tables are written in 4 KiB slices,
// so metadata bytes are a sixteenth with 64 KiB clusters and a five-hundredth with 2 MiB.
describe.each(WORKLOADS.map((workload) => [workload.label, workload] as const))('%s', (_, workload) => {
  const { rows } = drain(measureWorkload(workload));

  it.each(rows.map((row) => [`${row.cacheMode}, ${row.lazyRefcounts ? 'lazy' : 'eager'}`, row] as const))(
    '%s: never costs more than QEMU',
    (_name, { ours, qemu }) => {
      if (qemu === null) return expect(ours.flushes).toBe(0);
      expect(ours.writes).toBeLessThanOrEqual(qemu.writes + ROUNDING);
      expect(ours.flushes).toBeLessThanOrEqual(qemu.flushes + ROUNDING);
      expect(ours.metadataKib).toBeLessThanOrEqual(qemu.metadataKib + METADATA_ROUNDING);
    },
  );
});

describe('lazy refcounts', () => {
  it('save exactly one write and one flush for each allocating write in the sync modes', () => {
    const { rows } = drain(measureWorkload(WORKLOADS[0]!));
    const of = (lazyRefcounts: boolean) =>
      rows.find((row) => row.cacheMode === 'writethrough' && row.lazyRefcounts === lazyRefcounts)!.ours;
    expect(of(false)).toEqual({ writes: 3, flushes: 2, metadataKib: 8 });
    expect(of(true)).toEqual({ writes: 2, flushes: 1, metadataKib: 4 });
  });
});

describe('the list that the page shows', () => {
  it('names the workloads in their order', () => {
    expect(LAB_WORKLOADS).toEqual(WORKLOADS.map(({ label }) => label));
  });
});
