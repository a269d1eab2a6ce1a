import { MemoryStorage, createImage, type GuestSource, type Storage } from '#engine';
import { backingSource } from '../guest/backing.ts';
import type { ScenarioImage } from '../scenario.ts';
import { RecordingStorage } from '../trace/recording-storage.ts';
import { GuestSession } from './guest-session.ts';

export const BACKING_NAME = 'backing.raw';

/** The image as the recording finds it: created, and with the preparing operations done and cleanly closed. */
export function makeBaseImage(image: ScenarioImage): Storage {
  const storage = new MemoryStorage();
  createImage(storage, {
    size: image.size,
    compat: image.compat,
    clusterSize: image.clusterSize,
    refcountBits: image.refcountBits,
    lazyRefcounts: image.lazyRefcounts,
    extendedL2: image.extendedL2,
    ...(image.backing ? { backingFile: BACKING_NAME, backingFormat: 'raw' } : {}),
  });
  const session = new GuestSession(new RecordingStorage(storage), {
    cacheMode: 'writeback',
    lazyRefcounts: image.lazyRefcounts,
    backing: backingOf(image),
  });
  for (const [index, operation] of image.prepare.entries()) {
    const refusal = session.run(operation, { kind: 'preparation', operation: index });
    if (refusal !== null) throw new Error(`Preparing operation ${index + 1} failed: ${refusal}`);
  }
  if (session.image !== null) session.run({ kind: 'close' }, { kind: 'preparation', operation: 0 });
  return storage;
}

export function backingOf({ backing, size }: ScenarioImage): GuestSource | null {
  return backing ? backingSource(size) : null;
}
