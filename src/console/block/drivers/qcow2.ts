import {
  cipherFor,
  EngineError,
  headForWriting,
  judgeDataStorage,
  MemoryStorage,
  openImage,
  readHead,
  RepairFailure,
  repairFailureText,
  StepFailure,
  writeHeader,
  type GuestSource,
  type Image,
  type ImageHead,
  type OpenOptions,
  type Storage,
} from '#engine';
import { strerror } from '../../text/strerror.ts';
import { backingNameBeside } from '../backing-name.ts';
import type { BlockDriver, DriverContext } from '../driver.ts';
import { takeImageCipher } from '../encryption.ts';
import { corruptionNews, prefixed } from '../errors.ts';
import { sourceOf } from '../guest-source.ts';
import { warningsTo } from '../head-warnings.ts';
import type { Options } from '../../options/options.ts';
import { storageOf } from '../node-storage.ts';
import type { BlockNode } from '../node.ts';
import { Qcow2Node } from '../qcow2-node.ts';
import { takeQcow2Options } from '../qcow2-options.ts';

const MAGIC = 0x514649fb;

export const QCOW2: BlockDriver = {
  name: 'qcow2',
  kind: 'format',
  hasMetadata: true,
  recognises,
  strongOptions: ['encrypt.key-secret'],
  takeChangeable(options, { image }) {
    if (image !== null) takeQcow2Options(options, image.head);
  },
  async open(context) {
    const { host, flags, options } = context;
    const file = await context.openFile();
    const storage = storageOf(file);
    const head = readHead(storage, { writable: flags.writable, onWarning: warningsTo(context.report, host) });
    const runtime = takeQcow2Options(options, head);
    const cipher = await takeImageCipher(context, storage, head);
    // A missing key is told before what is wrong with the other files.
    cipherFor(head, cipher);
    const dataFile = await openDataFile(context, head);
    const { node: backing, impliedName } = await openBacking(context, file, head);
    const image = openedImage(context, storage, {
      ...runtime,
      ...(cipher !== undefined && { cipher }),
      writable: flags.writable,
      cacheMode: flags.cacheMode,
      readsInOrder: flags.readsInOrder ?? false,
      onMessage: (line) => host.writeErr(`${line}\n`),
      dataStorage: dataFile === null ? (isDataClosed(context, head) ? new MemoryStorage() : null) : storageOf(dataFile),
      onLeak: (cause) => {
        const lines = [...corruptionNews(cause), `qcow2_free_clusters failed: ${strerror(cause)}`];
        host.writeErr(lines.map((line) => `${line}\n`).join(''));
      },
      backing: backing === null ? (flags.withoutBacking === true ? EMPTY : null) : sourceOf(backing),
    });
    return new Qcow2Node({
      origin: context.origin,
      image,
      file,
      dataFile,
      backing,
      impliedBacking: impliedName,
      report: context.report,
    });
  },
  async openToCheck(context) {
    const { host, flags, options, report } = context;
    const file = await context.openFile();
    const storage = storageOf(file);
    const head = readHead(storage, { writable: flags.writable, checkMode: true, onWarning: warningsTo(report, host) });
    takeQcow2Options(options, head);
    // Nobody works on an image without its secret, although a check looks at no data.
    cipherFor(head, await takeImageCipher(context, storage, head));
    // The other files stay closed, unless options say what they are: whether they can be that is judged.
    if (saysOf(options, 'data-file')) await openDataFile(context, head);
    else if (head.dataFile === null) judgeDataStorage(head, null);
    if (saysOf(options, 'backing')) await openBacking(context, file, head);
    if (flags.writable && head.needsRewrite) writeHeader(storage, headForWriting(head));
    return file;
  },
};

/** Whether options say what a child is. */
function saysOf(options: Options, child: string): boolean {
  return [...options.keys()].some((name) => name === child || name.startsWith(`${child}.`));
}

/** Says what failed where a dirty image could not be repaired. */
function openedImage({ host, report }: DriverContext, storage: Storage, options: OpenOptions): Image {
  try {
    return openImage(storage, options);
  } catch (error) {
    if (!(error instanceof StepFailure && error.cause instanceof RepairFailure)) throw error;
    const reason = strerror(error);
    const { lines, complaint } = repairFailureText(error.cause, reason);
    host.writeErr(lines.map((line) => `${line}\n`).join(''));
    if (complaint !== null) report(complaint);
    throw new EngineError(error.code, `${error.step}: ${reason}`, { cause: error });
  }
}

/** Of a file that is cut short as well: what lies past its end counts as zeros. */
function recognises(storage: Storage): boolean {
  const start = new Uint8Array(8);
  storage.read(0, start);
  const view = new DataView(start.buffer);
  return view.getUint32(0) === MAGIC && view.getUint32(4) >= 2;
}

/** Stands for a backing file that is deliberately not opened. */
const EMPTY: GuestSource = { virtualSize: 0, readAt: () => undefined, zeroRunAt: () => 0, close: () => undefined };

/** The child `data-file`: by the options, else by the name in the header, which is the name of a file and nothing else. */
async function openDataFile(context: DriverContext, head: ImageHead): Promise<BlockNode | null> {
  const isClosed = isDataClosed(context, head);
  const hasOptions = saysOf(context.options, 'data-file');
  const filename = isClosed || hasOptions || head.dataFile === null ? null : `file:${head.dataFile}`;
  const child = await context.openChild('data-file', { role: 'image', filename });
  if (!isClosed) judgeDataStorage(head, child === null ? null : storageOf(child));
  return child;
}

/** A data file that nobody will read from is deliberately not opened. */
function isDataClosed({ flags }: DriverContext, { hasDataFile }: ImageHead): boolean {
  return hasDataFile && flags.withoutData === true;
}

interface Backing {
  readonly node: BlockNode | null;
  /** What the image's own backing file is called. */
  readonly impliedName: string | null;
}

async function openBacking(
  context: DriverContext,
  file: BlockNode,
  { backingFile, backingFormat }: ImageHead,
): Promise<Backing> {
  if (context.flags.withoutBacking === true) return { node: null, impliedName: backingFile };
  const hasOptions = [...context.options.keys()].some((name) => name.startsWith('backing.'));
  // An empty format is none: the file is looked at.
  const node = await openNamed(context, file, backingFile, backingFormat === '' ? null : backingFormat);
  return { node, impliedName: node === null || hasOptions ? backingFile : node.filename };
}

async function openNamed(
  context: DriverContext,
  file: BlockNode,
  name: string | null,
  format: string | null,
): Promise<BlockNode | null> {
  const isNamed = name !== null && name !== '' && !context.options.has('backing.file.filename');
  const filename = isNamed ? backingNameBeside(file, name) : null;
  return context
    .openChild('backing', { role: 'backing', filename, format })
    .catch(prefixed('Could not open backing file: '));
}
