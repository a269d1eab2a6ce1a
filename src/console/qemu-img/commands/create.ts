import {
  createImage,
  EngineError,
  growFile,
  isEngineError,
  judgeCreateOptions,
  type Preallocation,
  type Storage,
} from '#engine';
import { backingNameOf } from '../../block/backing-name.ts';
import { refuseKept, refuseWritten } from '../../block/claims.ts';
import { pathToCreate } from '../../block/creation.ts';
import { openBlock } from '../../block/open.ts';
import type { ConsoleHost } from '../../host.ts';
import { strerror } from '../../text/strerror.ts';
import { newLuks, qcow2Encryption } from '../create-encryption.ts';
import {
  describeValues,
  engineOptionsOf,
  parseCreateValues,
  sizeOfParameter,
  type CreateValues,
} from '../create-options.ts';
import { failureWithin, ImgFailure, Invocation, misused, sizeOf, type ImgCommand } from '../invocation.ts';
import { asksForHelp, creationHelp, judgeCreatable, judgeOptionLists } from '../option-lists.ts';

const FORMATS = ['luks', 'qcow2', 'raw'];

export const create: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, { short: 'F:b:f:ho:qu' });
  const format = invocation.value('f') ?? 'raw';
  const lists = invocation.values('o');
  judgeOptionLists(lists);
  const [name, sizeText] = invocation.words;
  if (asksForHelp(lists)) {
    host.writeOut(creationHelp(format, name ?? null));
    return 0;
  }
  if (name === undefined) throw misused('Expecting image file name');
  if (sizeText !== undefined) sizeOf('image size', sizeText);
  if (invocation.words.length > 2) throw misused(`Unexpected argument: ${invocation.words[2]}`);
  try {
    await createFile(host, invocation, { name, format, sizeText });
  } catch (error) {
    throw failureWithin(isEngineError(error, 'too-large') ? tooLarge(format, error) : error, name);
  }
  return 0;
};

/** What the command says of files that the file system cannot make as large; qcow2 says its own. */
function tooLarge(format: string, error: EngineError): EngineError | ImgFailure {
  if (format === 'raw') return new ImgFailure("The image size is too large for file format 'raw'");
  return format === 'luks' ? new ImgFailure('The requested file size is too large') : error;
}

interface NewFile {
  readonly name: string;
  readonly format: string;
  /** Judged already. */
  readonly sizeText: string | undefined;
}

async function createFile(
  host: ConsoleHost,
  invocation: Invocation,
  { name, format, sizeText }: NewFile,
): Promise<void> {
  judgeCreatable(format);
  const values = parseCreateValues(format, invocation.values('o'));
  if (values.has('size') && sizeText !== undefined) {
    throw new ImgFailure('The image size must be specified only once');
  }
  if (sizeText !== undefined) values.set('size', String(sizeOfParameter('size', sizeText)));
  setBacking(values, format, { file: invocation.value('b'), format: invocation.value('F') });
  const backingFile = values.get('backing_file');
  if (backingFile === name) {
    throw new ImgFailure('Error: Trying to create an image with the same filename as the backing file');
  }
  if (backingFile === '') throw new ImgFailure('Expected backing file name, got empty string');
  if (backingFile !== undefined) await takeSizeFromBacking(host, invocation, name, backingFile, values);
  // The size that stands for none is the largest of 64 bits.
  if ((values.get('size') ?? '-1') === '-1') throw new ImgFailure('Image creation needs a size parameter');

  invocation.print(`Formatting '${name}', fmt=${format} ${describeValues(format, values)}\n`);
  host.flushOut();
  await writeNewFile(invocation, name, format, values);
}

interface BackingOptions {
  readonly file: string | undefined;
  readonly format: string | undefined;
}

/** What the options of the command say of the backing file, among those of the format. @throws ImgFailure */
export function setBacking(values: CreateValues, format: string, backing: BackingOptions): void {
  if (format !== 'qcow2' && backing.file !== undefined) {
    throw new ImgFailure(`Backing file not supported for file format '${format}'`);
  }
  if (format !== 'qcow2' && backing.format !== undefined) {
    throw new ImgFailure(`Backing file format not supported for file format '${format}'`);
  }
  if (backing.file !== undefined) values.set('backing_file', backing.file);
  if (backing.format !== undefined) values.set('backing_fmt', backing.format);
}

/** The backing file must open (unless `-u`), must be named with its format, and gives the size where none was given. */
async function takeSizeFromBacking(
  host: ConsoleHost,
  invocation: Invocation,
  name: string,
  backingFile: string,
  values: CreateValues,
): Promise<void> {
  const format = values.get('backing_fmt');
  if (invocation.has('u')) {
    if (format === undefined) throw new ImgFailure('Backing file specified without backing format');
    return;
  }
  const backing = await openBlock(host, {
    filename: backingNameOf(name, backingFile),
    format: format ?? null,
    // Only a look, which does no harm whoever writes to it.
    flags: { writable: false, cacheMode: 'writeback', withoutData: true, isShared: true },
    objects: invocation.objects,
  }).catch((error: unknown) => {
    if (!isEngineError(error)) throw error;
    throw new ImgFailure(error.message, { hints: ['Could not open backing image.'] });
  });
  const { driver, length } = backing;
  backing.close();
  if (format === undefined) {
    throw new ImgFailure('Backing file specified without backing format', { hints: [`Detected format of ${driver}.`] });
  }
  if (!values.has('size')) values.set('size', String(BigInt(length)));
}

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

/** @throws EngineError with QEMU's text */
function resizeFile(storage: Storage, size: number, mode: Preallocation): void {
  try {
    growFile(storage, size, mode);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `Could not resize file: ${strerror(error)}`, { cause: error });
  }
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
    return { write: (storage) => resizeFile(storage, Math.ceil(size / 512) * 512, mode) };
  }
  if (format === 'luks') {
    const mode = luksPreallocationOf(values);
    const { bytes, headerSize } = await newLuks(host, objects, values, '');
    return {
      write(storage) {
        resizeFile(storage, headerSize + size, mode);
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
