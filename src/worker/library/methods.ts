import { createImage } from '#engine';
import type { ImageMethods } from '#protocol';
import type { Handlers } from '#rpc';
import { addSample } from '../samples/samples.ts';
import { BlobStorage } from '../storage/blob.ts';
import { copyStorage } from './copy.ts';
import type { Library } from './library.ts';
import { newLuks } from './new-luks.ts';

export type LibraryMethods = Pick<ImageMethods, Extract<keyof ImageMethods, `library.${string}`>>;

export function libraryHandlers(library: Library): Handlers<LibraryMethods> {
  return {
    'library.list': (_, { progress, signal }) => library.list(progress, signal),
    'library.create': async ({ name, options, backing = null, passphrase = null }) => {
      const encryption =
        passphrase === null ? {} : { encryption: { kind: 'luks', luks: await newLuks(passphrase) } as const };
      return library.add(name, (storage) => createImage(storage, { ...options, ...encryption }), backing);
    },
    'library.createSample': ({ sample }) => addSample(library, sample),
    'library.addLocal': ({ file, handle }) => library.addLocal(file, handle),
    'library.import': ({ file, name }, { run }) =>
      library.add(name, (storage) => run(copyStorage(new BlobStorage(file), storage))),
    'library.rename': ({ id, name }) => library.rename(id, name),
    'library.duplicate': ({ id, name }, { run }) => library.duplicate(id, name, run),
    'library.delete': async ({ id }) => ({ undoToken: await library.delete(id) }),
    'library.undoDelete': ({ undoToken }) => library.undoDelete(undoToken),
    'library.download': ({ id }) => library.download(id),
  };
}
