import { rewriteBackingFile, transferMemory, type CacheMode } from '#engine';
import { backingNameBeside } from '../../block/backing-name.ts';
import { openBlock } from '../../block/open.ts';
import type { BlockNode } from '../../block/node.ts';
import { QEMU_FORMATS } from '../../options/format-options.ts';
import { ImgFailure, misused, mustBeEngineError, openFailure } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { ProgressLine } from '../progress.ts';

const CHUNK = 2 * 1024 * 1024;
const SECTOR = 512;
const PROGRESS_STEP = 2;

export const rebase: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'rebase',
    short: 'hf:F:b:upt:T:qU',
    long: { 'force-share': 'U' },
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const backing = invocation.value('b');
  const isUnsafe = invocation.has('u');
  if (!isUnsafe && backing === undefined) {
    throw misused('Must specify backing file (-b) or use unsafe mode (-u)');
  }
  const progress = new ProgressLine(invocation, { step: PROGRESS_STEP });
  progress.begin();
  let node: BlockNode | null = null;
  try {
    const cacheMode = invocation.cacheMode('t', 'writeback', '');
    const nextCacheMode = invocation.cacheMode('T', 'writeback', 'source ');
    node = await invocation.open(name, {
      writable: true,
      cacheMode,
      format: invocation.value('f'),
      withoutBacking: isUnsafe,
    });
    const { image } = node;
    const format = invocation.value('F') ?? null;
    if (format !== null && !QEMU_FORMATS.includes(format)) throw new ImgFailure(`Invalid format name: '${format}'`);
    const isRemoved = backing === undefined || backing === '';
    if (!isUnsafe)
      await keepContent(invocation, node, isRemoved ? null : { name: backing, cacheMode: nextCacheMode }, progress);
    progress.complete();
    if (image === null) {
      const reason = isRemoved || format !== null ? 'Operation not supported' : 'backing format must be specified';
      throw new ImgFailure(`Could not change the backing file to '${backing ?? ''}': ${reason}`);
    }
    try {
      rewriteBackingFile(image, isRemoved ? null : { name: backing, format });
    } catch (error) {
      throw new ImgFailure(`Could not change the backing file to '${backing}': ${mustBeEngineError(error).message}`);
    }
    return 0;
  } finally {
    node?.close();
    progress.end();
  }
};

interface NewBacking {
  readonly name: string;
  readonly cacheMode: CacheMode;
}

/** Copies into the overlay what would read differently over the new backing file. */
async function keepContent(
  invocation: Invocation,
  node: BlockNode,
  newBacking: NewBacking | null,
  progress: ProgressLine,
): Promise<void> {
  const next = newBacking === null ? null : await openNext(invocation, node, newBacking);
  // As the percentages are counted: by how many whole chunks the disk has, whatever the length of a run.
  const percent = 100 / Math.floor(node.length / Math.min(CHUNK, node.length));
  try {
    for (let at = 0; at < node.length;) {
      const status = invocation.attempt('error while reading image metadata', () =>
        node.statusAt(at, Math.min(CHUNK, node.length - at), 'allocation'),
      );
      const length = status.isAllocated ? status.length : keepRun(invocation, { node, next, at }, status.length);
      at += length;
      if (!status.isAllocated) progress.advance(percent);
      await invocation.host.pause();
    }
    node.flush();
  } finally {
    next?.close();
  }
}

async function openNext(invocation: Invocation, node: BlockNode, { name, cacheMode }: NewBacking): Promise<BlockNode> {
  return openBlock(invocation.host, {
    filename: backingNameBeside(node, name),
    format: invocation.value('F') ?? null,
    flags: { writable: false, cacheMode },
    objects: invocation.objects,
  }).catch((error: unknown) => {
    const { message, hints } = openFailure(error, name);
    throw new ImgFailure(message.replace('Could not open', 'Could not open new backing file'), { hints });
  });
}

/**
 * Writes the sectors that would read differently; the overlay copies the rest of their clusters from the old backing
 * file. Behind the end of the old backing file zeros are kept as zeros, without data.
 * @returns how many bytes were looked at: the run ends where one of the backing files does
 */
function keepRun(
  invocation: Invocation,
  { node, next, at }: { readonly node: BlockNode; readonly next: BlockNode | null; readonly at: number },
  lengthMax: number,
): number {
  const oldEnd = node.backing?.length ?? 0;
  const newEnd = next?.length ?? 0;
  const isPastOld = at >= oldEnd;
  let length = isPastOld ? lengthMax : Math.min(lengthMax, oldEnd - at);
  if (at < newEnd) length = Math.min(length, newEnd - at);
  const before = transferMemory(length);
  const after = transferMemory(length);
  if (!isPastOld) {
    invocation.attempt('error while reading from old backing file', () => node.readAt(at, before), {
      hasReason: false,
    });
  }
  if (at < newEnd) {
    invocation.attempt('error while reading from new backing file', () => next!.readAt(at, after), {
      hasReason: false,
    });
  }
  for (let start = 0; start < length;) {
    let end = start;
    const differs = !isSameSector(before, after, start);
    while (end < length && isSameSector(before, after, end) !== differs) end += SECTOR;
    end = Math.min(end, length);
    if (differs) {
      invocation.attempt('Error while writing to COW image', () => {
        if (isPastOld) node.writeZeroes(at + start, end - start, { unmap: false });
        else node.writeAt(at + start, before.subarray(start, end));
      });
    }
    start = end;
  }
  return length;
}

function isSameSector(a: Uint8Array, b: Uint8Array, at: number): boolean {
  const end = Math.min(a.length, at + SECTOR);
  for (let index = at; index < end; index++) if (a[index] !== b[index]) return false;
  return true;
}
