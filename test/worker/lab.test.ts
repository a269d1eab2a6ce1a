import { describe, expect, it } from 'vitest';
import { MemoryStorage, checkImage, closeImage, createImage, drain, openImage, readAt, writeAt } from '#engine';
import { FIRST_SCENARIO, type LabCrashRequest, type LibraryEntry } from '#protocol';
import type { CallContext } from '#rpc';
import { labHandlers } from '../../src/worker/lab.ts';

const context: CallContext<never> = {
  signal: new AbortController().signal,
  progress: () => undefined,
  transfer: () => undefined,
  run: (task) => Promise.resolve(drain(task)),
};

const KEPT = { id: 'opfs:kept' } as LibraryEntry;

/** A library with one image in it, that remembers what is kept. */
function surroundings() {
  const kept: { name: string; bytes: Uint8Array }[] = [];
  const image = new MemoryStorage();
  createImage(image, { size: 1 << 20, clusterSize: 4096, lazyRefcounts: true });
  return {
    kept,
    image,
    handlers: labHandlers({
      copyOfImage: () => Promise.resolve(MemoryStorage.from(image.toBytes())),
      keep: (name, bytes) => {
        kept.push({ name, bytes });
        return Promise.resolve(KEPT);
      },
    }),
  };
}

const CRASH: LabCrashRequest = { scenario: FIRST_SCENARIO, imageId: null, crashes: [{ cut: 10, persisted: 'all' }] };

describe('the lab in the worker', () => {
  it('plays a crash from the run to the reopened image', async () => {
    const { handlers } = surroundings();
    const recording = await handlers['lab.run'](CRASH, context);
    expect(recording).toMatchObject({ operations: { length: FIRST_SCENARIO.operations.length } });
    expect(await handlers['lab.crash'](CRASH, context)).toMatchObject({ isDirty: true, verdict: 'repair' });
    expect(await handlers['lab.reopen'](CRASH, context)).toMatchObject({ outcome: 'repaired', isDirtyAfter: false });
  });

  it('keeps the crash image in the library as it is exported', async () => {
    const { handlers, kept } = surroundings();
    expect(await handlers['lab.keep']({ ...CRASH, name: 'crash.qcow2' }, context)).toBe(KEPT);
    expect(kept.map(({ name }) => name)).toEqual(['crash.qcow2']);
    expect(drain(checkImage(MemoryStorage.from(kept[0]!.bytes))).isDirty).toBe(true);
  });

  it('exports the repaired image as a sound one', async () => {
    const { handlers } = surroundings();
    expect(await handlers['lab.export']({ ...CRASH, repaired: false }, context)).toMatchObject({ expectedExitCode: 2 });
    expect(await handlers['lab.export']({ ...CRASH, repaired: true }, context)).toMatchObject({ expectedExitCode: 0 });
  });

  it('works on a copy of an image of the library, and looks again at each run', async () => {
    const { handlers, image } = surroundings();
    const request = { ...CRASH, imageId: 'opfs:a.qcow2' };
    const usedBefore = async () => {
      const { mapBefore } = (await handlers['lab.run'](request, context)) as { mapBefore: { clusterCount: number } };
      return mapBefore.clusterCount;
    };
    const empty = await usedBefore();
    const changed = openImage(image, { writable: true });
    writeAt(changed, 0x8000, new Uint8Array(4096).fill(7));
    image.close = () => undefined;
    closeImage(changed);
    expect(await usedBefore()).toBeGreaterThan(empty);

    const bytes = new Uint8Array(4096);
    readAt(openImage(image), 0, bytes);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('compares the costs of ten ways to run', async () => {
    const { handlers } = surroundings();
    expect(await handlers['lab.cost'](CRASH, context)).toHaveLength(10);
  });

  it('refuses a workload that it does not have', async () => {
    const { handlers } = surroundings();
    await expect(handlers['lab.workload']({ workload: 99 }, context)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});
