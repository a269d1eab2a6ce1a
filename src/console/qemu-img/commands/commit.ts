import { makeEmpty, transferMemory, type CacheMode } from '#engine';
import { backingNameBeside } from '../../block/backing-name.ts';
import type { BlockNode } from '../../block/node.ts';
import { openBlock } from '../../block/open.ts';
import { hasProtocol } from '../../block/path.ts';
import type { ConsoleHost } from '../../host.ts';
import { takeChild, textOf } from '../../options/options.ts';
import { failureWithin, ImgFailure, misused } from '../failure.ts';
import { Invocation, sizeOf, type ImgCommand } from '../invocation.ts';
import { ProgressLine } from '../progress.ts';

const CHUNK = 2 * 1024 * 1024;

export const commit: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'commit',
    judge: ({ name, value }) => {
      if (name === 'r') sizeOf('rate limit', value);
    },
    short: 'f:ht:b:dpqr:',
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const cacheMode = invocation.cacheMode('t', 'writeback', '');
  const wanted = invocation.value('b');
  // Below a base further down, the images in between stay: an empty top would show them again.
  const keepsTop = invocation.has('d') || wanted !== undefined;
  const top = await invocation.open(name, {
    writable: true,
    cacheMode,
    format: invocation.value('f'),
    withoutBacking: true,
    keepsBackingOptions: true,
  });
  const layers: BlockNode[] = [top];
  const progress = new ProgressLine(invocation);
  progress.begin();
  try {
    const base = await openBase(invocation, layers, { name, wanted, cacheMode });
    try {
      await copyDown(invocation, layers, base, progress);
    } finally {
      base.close();
    }
    const { image } = top;
    if (!keepsTop && image !== null) invocation.attempt(`Failed to empty ${name}`, () => makeEmpty(image));
  } finally {
    for (const layer of layers) layer.close();
    progress.end();
  }
  invocation.print('Image committed.\n');
  return 0;
};

/**
 * Opens the layers between the top and the base, each by itself, and the base for writing (which repairs it first, if it
 * was left dirty).
 */
async function openBase(
  invocation: Invocation,
  layers: BlockNode[],
  { name, wanted, cacheMode }: { name: string; wanted: string | undefined; cacheMode: CacheMode },
): Promise<BlockNode> {
  const { host, objects, report } = invocation;
  let options = invocation.backingOptionsOf(name);
  for (;;) {
    const layer = layers.at(-1)!;
    const { backingFile = null, backingFormat = null } = layer.image?.head ?? {};
    if (backingFile === null) {
      throw new ImgFailure(
        wanted === undefined
          ? 'Image does not have a backing file'
          : `Did not find '${wanted}' in the backing chain of '${name}'`,
      );
    }
    const filename = backingNameBeside(layer, backingFile);
    const replaced = options.get('file.filename');
    const isBase =
      wanted === undefined ||
      (replaced === undefined ? await isBackingOf(host, layer, { backingFile, wanted }) : wanted === textOf(replaced));
    const below = takeChild(options, 'backing');
    const request = {
      filename: replaced === undefined ? filename : null,
      format: options.has('driver') ? null : backingFormat,
      options,
      flags: { writable: false, cacheMode, withoutBacking: true },
      objects,
      report,
    };
    const node = await openBlock(host, request).catch((error: unknown) => {
      throw failureWithin(error, `Could not open '${name}'${': Could not open backing file'.repeat(layers.length)}`);
    });
    if (isBase) {
      node.close();
      // Once more: that it can be read was found out before.
      return openBlock(host, { ...request, flags: { ...request.flags, writable: true, withoutBacking: false } });
    }
    layers.push(node);
    options = below;
  }
}

/** Whether a name stands for a layer's backing file: a relative one counts from the layer's folder, as that file's does. */
async function isBackingOf(
  { files }: ConsoleHost,
  layer: BlockNode,
  { backingFile, wanted }: { readonly backingFile: string; readonly wanted: string },
): Promise<boolean> {
  const backing = backingNameBeside(layer, backingFile);
  if (hasProtocol(wanted) || hasProtocol(backingFile)) return wanted === backingFile || wanted === backing;
  const real = await files.realName(backingNameBeside(layer, wanted));
  return real !== null && real === (await files.realName(backing));
}

async function copyDown(
  invocation: Invocation,
  layers: readonly BlockNode[],
  base: BlockNode,
  progress: ProgressLine,
): Promise<void> {
  const { length } = layers[0]!;
  const attempt = <T>(work: () => T) => invocation.attempt('Block job failed', work);
  if (base.length < length) attempt(() => base.truncate(length));
  // The percentage is one of what is copied, which only a walk over all runs can tell.
  let total = 0;
  if (progress.isShown) for (const run of runsOf(layers, length, attempt)) total += run.length;
  let done = 0;
  for (const run of runsOf(layers, length, attempt)) {
    attempt(() => copyRun(run, base));
    done += run.length;
    if (total > 0) progress.update(done, total);
    await invocation.host.pause();
  }
  attempt(() => base.flush());
  progress.complete();
}

/** What the layers hold instead of the base. */
interface Run {
  readonly at: number;
  readonly length: number;
  /** Where the bytes are; null: they are zeros. */
  readonly layer: BlockNode | null;
}

function* runsOf(layers: readonly BlockNode[], length: number, attempt: <T>(work: () => T) => T): Generator<Run> {
  for (let at = 0; at < length;) {
    const run = attempt(() => runAt(layers, at, Math.min(CHUNK, length - at)));
    if (run.layer !== 'none') yield { at, length: run.length, layer: run.layer };
    at += run.length;
  }
}

function runAt(layers: readonly BlockNode[], at: number, lengthMax: number) {
  let length = lengthMax;
  for (const layer of layers) {
    // A layer that ends earlier hides what is below it behind zeros.
    if (at >= layer.length) return { layer: null, length };
    const status = layer.statusAt(at, Math.min(length, layer.length - at));
    length = Math.min(length, status.length);
    if (status.isAllocated) return { layer: status.isZero ? null : layer, length };
  }
  return { layer: 'none' as const, length };
}

function copyRun({ at, length, layer }: Run, base: BlockNode): void {
  if (layer === null) return base.writeZeroes(at, length, { unmap: true });
  const bytes = transferMemory(length);
  layer.readAt(at, bytes);
  base.writeAt(at, bytes);
}
