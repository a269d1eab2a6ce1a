import { createImage, growFile, isEngineError, judgeCreateOptions, type Preallocation, type Storage } from '#engine';
import { refuseKept, refuseWritten } from '../block/claims.ts';
import { pathToCreate } from '../block/creation.ts';
import type { ConsoleHost } from '../host.ts';
import { strerror } from '../text/strerror.ts';
import { newLuks, qcow2Encryption } from './create-encryption.ts';
import { engineOptionsOf, type CreateValues } from './create-options.ts';
import { ImgFailure } from './failure.ts';
import type { Invocation } from './invocation.ts';

const FORMATS = ['luks', 'qcow2', 'raw'];

/** Writes a new file of a format over whatever has its name; on failure files that were not there are removed. */
export async function writeNewFile(
  { host, objects }: Pick<Invocation, 'host' | 'objects'>,
  name: string,
  format: string,
  values: CreateValues,
): Promise<void> {
  if (!FORMATS.includes(format)) {
    throw new ImgFailure(`Images of format '${format}' cannot be created by this program yet. Nothing was written.`);
  }
  // Options are judged before the file that may be there is emptied.
  const { dataFile, write } = await contentOf({ host, objects }, format, values);
  const made: MadeFile[] = [];
  try {
    const data = dataFile === undefined ? null : await makeFile(host, dataFile, made, { hasMetadata: false });
    write(await makeFile(host, name, made, { hasMetadata: format !== 'raw' }), data);
    for (const file of made) file.storage.close();
  } catch (error) {
    for (const file of made) {
      file.storage.close();
      if (file.isNew) await host.files.remove(file.path);
    }
    throw error;
  }
}

interface MadeFile {
  readonly path: string;
  readonly storage: Storage;
  readonly isNew: boolean;
}

async function makeFile(
  host: ConsoleHost,
  name: string,
  made: MadeFile[],
  { hasMetadata }: { readonly hasMetadata: boolean },
): Promise<Storage> {
  const path = await pathToCreate(host, name);
  const isNew = (await host.files.kindOf(path)) === null;
  await refuseKept(host.files, path);
  if (hasMetadata) await refuseWritten(host.files, path);
  const storage = await host.files.create(path).catch((error: unknown) => {
    if (isEngineError(error, 'locked')) throw error;
    throw new ImgFailure(`Could not create '${path}': ${strerror(error)}`);
  });
  made.push({ path, storage, isNew });
  return storage;
}

/** @throws ImgFailure for modes that a raw file does not have */
function rawPreallocationOf(values: CreateValues): Preallocation {
  const mode = values.get('preallocation') ?? 'off';
  if (mode === 'off' || mode === 'falloc' || mode === 'full') return mode;
  if (mode === 'metadata') throw new ImgFailure('Unsupported preallocation mode: metadata');
  throw new ImgFailure(`invalid parameter value: ${mode}`);
}

/** What goes into a new file, and the name of the one beside it that holds the data, if there is one. */
interface NewContent {
  readonly dataFile?: string | undefined;
  write(storage: Storage, data: Storage | null): void;
}

/** A size is rounded up to whole sectors, and must still be a signed number of 64 bits. */
const SIZE_MAX = 2n ** 63n - 512n;

/** Files here take no hint, and would not take this one elsewhere. @throws ImgFailure */
function judgeExtentSizeHint(values: CreateValues): void {
  const hint = BigInt.asUintN(64, BigInt(values.get('extent_size_hint') ?? '0'));
  if (hint >= 2n ** 32n) throw new ImgFailure('Extent size hint is too large');
}

/** Judges the options of a format. @throws ImgFailure, EngineError */
async function contentOf(
  { host, objects }: Pick<Invocation, 'host' | 'objects'>,
  format: string,
  values: CreateValues,
): Promise<NewContent> {
  const size = Number(values.get('size'));
  judgeExtentSizeHint(values);
  if (BigInt(values.get('size')!) > SIZE_MAX || size < 0) {
    throw new ImgFailure(
      format === 'raw'
        ? 'Could not resize file: Invalid argument'
        : 'Could not resize image: Image size cannot be negative',
    );
  }
  if (format === 'raw') {
    const mode = rawPreallocationOf(values);
    return { write: (storage) => growFile(storage, Math.ceil(size / 512) * 512, mode) };
  }
  if (format === 'luks') {
    const mode = luksPreallocationOf(values);
    const { bytes, headerSize } = await newLuks(host, objects, values, '');
    return {
      write(storage) {
        growFile(storage, headerSize + size, mode);
        storage.write(0, bytes, 'create');
      },
    };
  }
  const options = engineOptionsOf(values, size);
  judgeCreateOptions(options);
  const encryption = await qcow2Encryption(host, objects, values);
  return {
    dataFile: options.dataFile,
    write: (storage, data) => createImage(storage, { ...options, ...(encryption !== null && { encryption }) }, data),
  };
}

/** A LUKS volume has no metadata to prepare but its header. @throws ImgFailure for unknown modes */
function luksPreallocationOf(values: CreateValues): Preallocation {
  const mode = values.get('preallocation') ?? 'off';
  if (mode === 'off' || mode === 'metadata') return 'off';
  if (mode === 'falloc' || mode === 'full') return mode;
  throw new ImgFailure(`invalid parameter value: ${mode}`);
}
