import { isEngineError, type EngineError } from '#engine';
import { backingNameOf } from '../../block/backing-name.ts';
import { protocolOf } from '../../block/drivers/index.ts';
import { openBlock } from '../../block/open.ts';
import type { ConsoleHost } from '../../host.ts';
import { describeValues, parseCreateValues, sizeOfParameter, type CreateValues } from '../create-options.ts';
import { failureWithin, ImgFailure, misused } from '../failure.ts';
import { Invocation, sizeOf, type ImgCommand } from '../invocation.ts';
import { writeNewFile } from '../new-file.ts';
import { asksForHelp, creationHelp, judgeCreatable, judgeOptionList } from '../option-lists.ts';

export const create: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'create',
    lacks: 'image-opts',
    short: 'F:b:f:ho:qu',
    judge: ({ name, value }) => {
      if (name === 'o') judgeOptionList(value);
    },
  });
  const format = invocation.value('f') ?? 'raw';
  const lists = invocation.values('o');
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
  await protocolOf(host, name, { prefixCounts: true });
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
    const hints = [`Detected format of ${driver}.`];
    throw new ImgFailure('Backing file specified without backing format', { hints, isTerminated: false });
  }
  if (!values.has('size')) values.set('size', String(BigInt(length)));
}
