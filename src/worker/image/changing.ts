import { closeImage, DIRTY_BIT, EngineError, openImage, readHead, writeAt, type Storage } from '#engine';
import type { ImageId, ImageMethods } from '#protocol';
import type { Handlers } from '#rpc';
import type { Library } from '../library/library.ts';
import { withParts } from './image-parts.ts';
import { overviewOf } from './looking.ts';
import type { Repairs } from './repairs.ts';
import { saveChanges } from './save.ts';

export type ChangingMethods = Pick<
  ImageMethods,
  'image.planRepair' | 'image.applyRepair' | 'image.undoRepair' | 'image.write' | 'image.discardChanges' | 'image.save'
>;

/** What changes the bytes of an image; each shows what it will write before it may, or writes what the user typed. */
export function changingHandlers(library: Library, repairs: Repairs): Handlers<ChangingMethods> {
  return {
    'image.planRepair': ({ id, mode }, { run }) => library.look(id, (storage) => run(repairs.plan(id, storage, mode))),
    'image.applyRepair': ({ planId, stepCount }, { run }) =>
      library.change(repairs.imageOf(planId), (storage) => run(repairs.apply(planId, storage, stepCount))),
    'image.undoRepair': ({ planId }, { run }) =>
      library.change(repairs.imageOf(planId), (storage) => run(repairs.undo(planId, storage))),
    'image.write': async ({ id, at, bytes }) => {
      repairs.forget(id);
      await library.change(id, (storage) => writeGuest(library, id, storage, { at, bytes }));
      return overviewOf(library, id);
    },
    'image.discardChanges': async ({ id }) => {
      repairs.forget(id);
      await library.discardChanges(id);
      return overviewOf(library, id);
    },
    'image.save': async ({ id }, context) => {
      repairs.forget(id);
      await saveChanges(library, id, context);
      return overviewOf(library, id);
    },
  };
}

/** Writes to the guest disk and closes the image cleanly. */
async function writeGuest(
  library: Library,
  id: ImageId,
  storage: Storage,
  { at, bytes }: { at: number; bytes: Uint8Array },
): Promise<void> {
  const { header, encryption } = readHead(storage, { writable: true });
  if ((header.incompatibleFeatures & DIRTY_BIT) !== 0n) {
    throw new EngineError('needs-repair', 'The image was not closed cleanly; opening it for writing would repair it.', {
      hint: 'Look at the repair and apply it first.',
    });
  }
  await withParts(library, { id, storage, use: 'change' }, (parts) => {
    // Found out before anything is allocated for what could not be encrypted.
    if (encryption !== 'none' && parts.cipher === 'locked') {
      throw new EngineError('passphrase', 'The image is encrypted, and its passphrase was not given.');
    }
    const image = openImage(storage, { writable: true, ...parts });
    writeAt(image, at, bytes);
    closeImage(image);
  });
}
