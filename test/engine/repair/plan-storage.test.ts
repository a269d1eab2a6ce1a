import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '#engine';
import { PlanStorage } from '../../../src/engine/repair/plan-storage.ts';

const NOTHING = { count: 1, messages: [] };

function planOver(size: number): { base: MemoryStorage; plan: PlanStorage } {
  const base = MemoryStorage.from(new Uint8Array(size).fill(7));
  return { base, plan: new PlanStorage(base, { keepsDiscarded: true }) };
}

describe('a planned image', () => {
  it('reads what was planned, and leaves the storage below alone', () => {
    const { base, plan } = planOver(10_000);
    plan.write(4090, new Uint8Array(20).fill(9), 'repair-l2');
    const bytes = new Uint8Array(30);
    plan.read(4085, bytes);
    expect([...bytes]).toEqual([...Array(5).fill(7), ...Array(20).fill(9), ...Array(5).fill(7)]);
    expect(base.toBytes().every((byte) => byte === 7)).toBe(true);
  });

  it('turns writes into the sectors that change, neighbours in one write', () => {
    const { plan } = planOver(10_240);
    plan.write(512, new Uint8Array(4096).fill(7), 'repair-l2');
    plan.write(1100, new Uint8Array([1]), 'repair-l2');
    plan.write(1536, new Uint8Array([2]), 'repair-l2');
    plan.endStep('mend-entry', NOTHING);
    expect(plan.steps).toHaveLength(1);
    expect(plan.steps[0]!.writes).toMatchObject([{ kind: 'write', at: 1024 }, { kind: 'flush' }]);
    expect(plan.steps[0]!.writes[0]).toHaveProperty('after.length', 1024);
  });

  it('makes no step of what changes nothing', () => {
    const { plan } = planOver(4096);
    plan.write(0, new Uint8Array(512).fill(7), 'repair-l2');
    plan.endStep('mend-entry', NOTHING);
    expect(plan.steps).toEqual([]);
  });

  it('writes behind the end in full, and punches holes only after a flush', () => {
    const { plan } = planOver(1024);
    plan.write(1024, new Uint8Array(1024), 'repair-refblock');
    plan.discard(0, 256, 'repair-discard');
    plan.discard(256, 256, 'repair-discard');
    plan.endStep('free-old-refcounts', NOTHING);
    expect(plan.size).toBe(2048);
    expect(plan.steps[0]!.writes).toMatchObject([
      { kind: 'write', at: 1024 },
      { kind: 'flush' },
      { kind: 'discard', at: 0, length: 512, before: new Uint8Array(512).fill(7) },
      { kind: 'flush' },
    ]);
  });

  it('writes again what stood in a hole of an earlier step, which may read as zeros by now', () => {
    const { plan } = planOver(4096);
    plan.discard(1024, 1024, 'repair-discard');
    plan.endStep('lower-refcounts', NOTHING);
    plan.write(512, new Uint8Array(1024).fill(7), 'repair-snapshot-table');
    plan.endStep('mend-snapshot-table', NOTHING);
    expect(plan.steps[1]!.writes).toMatchObject([{ kind: 'write', at: 1024 }, { kind: 'flush' }]);
    expect(plan.steps[1]!.writes[0]).toHaveProperty('after.length', 512);
  });

  it('grows the file where no write does', () => {
    const { plan } = planOver(1024);
    plan.truncate(5000);
    plan.endStep('grow-file', NOTHING);
    expect(plan.steps[0]!.writes[0]).toMatchObject({ kind: 'truncate', before: 1024, after: 5000 });
  });
});
