import {
  EngineError,
  imageSource,
  MemoryStorage,
  openImage,
  rawSource,
  readHead,
  type GuestSource,
  type ImageCipher,
  type ImageHead,
  type OpenOptions,
  type Storage,
} from '#engine';
import type { ImageId } from '#protocol';
import type { Library } from '../library/library.ts';
import { backingFormatOf } from './backing-chain.ts';

/** What an image is opened with beside its own file. */
export type ImageParts = Required<Pick<OpenOptions, 'backing' | 'dataStorage' | 'cipher'>>;

interface PartsRequest {
  readonly id: ImageId;
  readonly storage: Storage;
  /** What is done to the data, if anything: that of a backing file is never changed. */
  readonly use: 'tables-only' | 'look' | 'change';
  /** The files that are held open for it already, of the images above it in a backing chain. */
  readonly held?: readonly ImageId[];
}

/**
 * Runs `work` with what the image needs to be opened: the disk of its backing file, its external data file, its key. All
 * files are held open meanwhile. Without its passphrase an encrypted image is opened all the same, but for its data.
 */
export function withParts<T>(
  library: Library,
  request: PartsRequest,
  work: (parts: ImageParts) => Promise<T> | T,
): Promise<T> {
  const head = readHead(request.storage, { writable: false });
  return withDataFile(library, request, head, (dataStorage, held) =>
    withBacking(library, { ...request, held }, head, async (backing) =>
      work({ backing, dataStorage, cipher: await cipherOf(library, request, head) }),
    ),
  );
}

async function cipherOf(
  library: Library,
  { id, storage, held = [] }: PartsRequest,
  head: ImageHead,
): Promise<ImageCipher | 'locked'> {
  const cipher = head.encryption === 'none' ? null : library.keys.cipherOf(id, storage, head);
  if (cipher !== null) return cipher;
  return held.length === 0 ? 'locked' : lockedBelow(await library.nameOf(id));
}

/** Somebody who reads an image that is not encrypted should be told which one is. */
function lockedBelow(name: string): ImageCipher {
  const refuse = () => {
    throw new EngineError('passphrase', `The backing file '${name}' is encrypted, and its passphrase was not given.`);
  };
  return { luks: null, encrypt: refuse, decrypt: refuse };
}

async function withDataFile<T>(
  library: Library,
  { id, use, held = [] }: PartsRequest,
  { hasDataFile, dataFile }: ImageHead,
  work: (dataStorage: Storage | null, held: readonly ImageId[]) => Promise<T>,
): Promise<T> {
  if (!hasDataFile) return work(null, [...held, id]);
  if (use === 'tables-only') return work(new MemoryStorage(), [...held, id]);
  const file = await library.dataFileOf(id, dataFile);
  if (file === null) {
    throw new EngineError(
      'data-file',
      `The data of this image is in another file, ${dataFile ?? 'which it does not name'}.`,
      {
        hint: 'Say which of your files it is, or open it beside the image.',
      },
    );
  }
  // Before it is opened: a file that is held for this image already would be waited for without end.
  if ([...held, id].includes(file.id)) {
    throw new EngineError('invalid-argument', 'The data file of this image is one of its backing chain.');
  }
  const run = (storage: Storage) => work(storage, [...held, id, file.id]);
  return use === 'look' ? library.look(file.id, run) : library.change(file.id, run);
}

/** `held` holds the image itself here. */
async function withBacking<T>(
  library: Library,
  { id, use, held }: PartsRequest & { readonly held: readonly ImageId[] },
  { backingFile, backingFormat }: ImageHead,
  work: (backing: GuestSource | null) => Promise<T> | T,
): Promise<T> {
  if (backingFile === null) return work(null);
  const granted = await library.backingOf(id);
  if (granted === null) {
    throw new EngineError('backing', `Could not open backing file: '${backingFile}' has not been given.`, {
      hint: 'Say which of your images it is; a name inside an image opens nothing by itself.',
    });
  }
  // Before it is opened: an image that is being changed would wait for itself.
  if (held.includes(granted)) throw new EngineError('backing', 'The backing chain runs in a circle.');
  return library.look(granted, async (below) => {
    if (backingFormatOf(below, backingFormat) === 'raw') return work(rawSource(below));
    const request = { id: granted, storage: below, use: use === 'change' ? 'look' : use, held } as const;
    return withParts(library, request, (parts) => work(imageSource(openImage(below, parts))));
  });
}
