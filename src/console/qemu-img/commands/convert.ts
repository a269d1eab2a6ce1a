import { findSnapshot, isEngineError, viewSnapshot } from '#engine';
import { statusAbove } from '../../block/layers.ts';
import type { BlockNode } from '../../block/node.ts';
import { isAllZero } from '../../block/zeros.ts';
import { parsePairs } from '../../options/options.ts';
import { parseSize } from '../../text/sizes.ts';
import { strerror } from '../../text/strerror.ts';
import { parseCreateValues } from '../create-options.ts';
import { ImgFailure, Invocation, misused, type ImgCommand } from '../invocation.ts';
import { ProgressLine } from '../progress.ts';
import { writeNewFile } from './create.ts';

const FORMATS = ['qcow2', 'raw'];
const CHUNK = 2 * 1024 * 1024;
const SPARSE_DEFAULT = 4096;
const SPARSE_MAX = 16 * 1024 * 1024;

export const convert: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
    short: 'hf:O:B:CcF:o:l:S:pt:T:qnm:WUr:',
    long: {
      'force-share': 'U',
      'target-is-zero': 'target-is-zero',
      salvage: 'salvage',
      bitmaps: 'bitmaps',
      'skip-broken-bitmaps': 'skip-broken-bitmaps',
      'target-image-opts': 'target-image-opts',
      'source-format=': 'f',
    },
  });
  const plan = planOf(invocation);
  const sources = await openSources(invocation, plan.sources);
  try {
    const target = await openTarget(invocation, plan, sources);
    try {
      await copy(invocation, plan, sources, target);
    } finally {
      target.node.close();
      target.base?.close();
    }
    return 0;
  } finally {
    for (const source of sources) source.close();
  }
};

interface ConvertPlan {
  readonly sources: readonly string[];
  readonly target: string;
  readonly format: string;
  readonly isCompressed: boolean;
  /** Bytes of zeros that are worth a hole; 0: everything is written. */
  readonly sparse: number;
  readonly backing: string | undefined;
}

/** Everything that can be judged before a file is touched. @throws ImgFailure with QEMU's text */
function planOf(invocation: Invocation): ConvertPlan {
  const { words } = invocation;
  const format = invocation.value('O') ?? 'raw';
  const sparse = sparseOf(invocation.value('S'));
  if (words.length < 2) throw misused('Must specify image file name');
  if (invocation.has('bitmaps') || invocation.has('target-image-opts')) {
    throw new ImgFailure(
      'Converting with --bitmaps or --target-image-opts is not supported by this program yet. Nothing was written.',
    );
  }
  if (invocation.has('n') && invocation.has('o')) throw new ImgFailure('-o has no effect when skipping image creation');
  const options = new Map(invocation.values('o').flatMap((text) => parsePairs(text)));
  const backing = invocation.value('B') ?? options.get('backing_file');
  const sources = words.slice(0, -1);
  if (sources.length > 1 && backing !== undefined) {
    throw new ImgFailure(
      'Having a backing file for the target makes no sense when concatenating multiple input images',
    );
  }
  if (!FORMATS.includes(format)) throw new ImgFailure(`Unknown file format '${format}'`);
  const isCompressed = invocation.has('c');
  if (isCompressed && format === 'raw') throw new ImgFailure('Compression not supported for this file format');
  if (isCompressed && (options.get('preallocation') ?? 'off') !== 'off') {
    throw new ImgFailure('Compression and preallocation not supported at the same time');
  }
  if (backing !== undefined && !invocation.has('n') && !options.has('backing_fmt') && !invocation.has('F')) {
    throw new ImgFailure('Use of backing file requires explicit backing format');
  }
  return { sources, target: words.at(-1)!, format, isCompressed, sparse, backing };
}

function sparseOf(text: string | undefined): number {
  if (text === undefined) return SPARSE_DEFAULT;
  const size = parseSize(text);
  if (typeof size === 'number' && size % 512 === 0 && size <= SPARSE_MAX) return size;
  throw new ImgFailure(
    `Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to ${SPARSE_MAX}. Select 0 to disable sparse detection (fully allocates output).`,
  );
}

async function openSources(invocation: Invocation, names: readonly string[]): Promise<BlockNode[]> {
  const cacheMode = invocation.cacheMode('T', 'writeback', 'source ');
  const nodes: BlockNode[] = [];
  for (const name of names) {
    nodes.push(await invocation.open(name, { writable: false, cacheMode, format: invocation.value('f') }));
  }
  const wanted = invocation.value('l');
  if (wanted === undefined) return nodes;
  if (nodes.length > 1) throw new ImgFailure('No support for concatenating multiple snapshot');
  const { image } = nodes[0]!;
  const name = new Map(parsePairs(wanted)).get('snapshot.name') ?? wanted;
  const id = new Map(parsePairs(wanted)).get('snapshot.id');
  const found = image === null ? null : findSnapshot(image, id ?? name);
  if (image === null || found === null) {
    throw new ImgFailure("Failed to load snapshot: Can't find snapshot");
  }
  viewSnapshot(image, found);
  return nodes;
}

interface Target {
  readonly node: BlockNode;
  /** The file behind it, whose content need not be copied. */
  readonly base: BlockNode | null;
}

async function openTarget(invocation: Invocation, plan: ConvertPlan, sources: readonly BlockNode[]): Promise<Target> {
  const total = sources.reduce((sum, { length }) => sum + length, 0);
  const cacheMode = invocation.cacheMode('t', 'unsafe', '');
  if (!invocation.has('n')) {
    const values = parseCreateValues(plan.format, invocation.values('o'));
    if (!values.has('size')) values.set('size', String(BigInt(total)));
    if (plan.backing !== undefined) values.set('backing_file', plan.backing);
    const backingFormat = invocation.value('F');
    if (backingFormat !== undefined) values.set('backing_fmt', backingFormat);
    try {
      await writeNewFile(invocation.host, plan.target, plan.format, values);
    } catch (error) {
      if (!(error instanceof ImgFailure) && !isEngineError(error)) throw error;
      throw new ImgFailure(`${plan.target}: error while converting ${plan.format}: ${error.message}`);
    }
  }
  const node = await invocation.open(plan.target, { writable: true, cacheMode, format: plan.format });
  if (node.length < total) {
    node.close();
    throw new ImgFailure('output file is smaller than input file');
  }
  return { node, base: null };
}

async function copy(
  invocation: Invocation,
  plan: ConvertPlan,
  sources: readonly BlockNode[],
  { node }: Target,
): Promise<void> {
  const total = sources.reduce((sum, { length }) => sum + length, 0);
  const progress = new ProgressLine(invocation);
  const writer = new TargetWriter(node, plan, invocation.has('n') && !invocation.has('target-is-zero'));
  let offset = 0;
  for (const source of sources) {
    // With a backing file of its own the target needs only what the source's upper layers hold.
    const base = plan.backing === undefined ? null : baseOf(source, plan.backing);
    if (plan.isCompressed && plan.backing !== undefined) {
      await copyWholeClusters(invocation, { source, base, writer, progress });
      continue;
    }
    for (let at = 0; at < source.length;) {
      const { length, kind } = statusAbove(source, base, at, Math.min(CHUNK - (at % CHUNK), source.length - at));
      if (kind === 'data') writer.writeData(offset + at, readChunk(invocation, source, at, length));
      else if (kind === 'zero') writer.writeZeros(offset + at, length, plan.backing !== undefined);
      else if (plan.backing === undefined) writer.writeZeros(offset + at, length, false);
      at += length;
      progress.update(offset + at, total);
      await invocation.host.pause();
    }
    offset += source.length;
  }
  writer.finish(total);
  node.flush();
  progress.complete();
  progress.end();
}

/**
 * Over a backing file a compressed cluster must hold all of its bytes, those of the source's lower layers too; clusters
 * that the upper layers say nothing of are left to the backing file.
 */
async function copyWholeClusters(
  invocation: Invocation,
  {
    source,
    base,
    writer,
    progress,
  }: { source: BlockNode; base: BlockNode | null; writer: TargetWriter; progress: ProgressLine },
): Promise<void> {
  for (let at = 0; at < source.length;) {
    const end = Math.min(source.length, at + writer.unit);
    let isHeld = false;
    for (let part = at; part < end && !isHeld;) {
      const { length, kind } = statusAbove(source, base, part, end - part);
      isHeld = kind !== 'absent';
      part += length;
    }
    if (isHeld) writer.writeCompressedCluster(at, readChunk(invocation, source, at, end - at));
    at = end;
    progress.update(at, source.length);
    await invocation.host.pause();
  }
}

/** The layer of the source that the target's backing file stands for: its own first backing file. */
function baseOf(source: BlockNode, backing: string): BlockNode | null {
  for (let layer = source.backing; layer !== null; layer = layer.backing) {
    if (layer.filename === backing || layer.filename.endsWith(`/${backing}`)) return layer;
  }
  return source.backing;
}

function readChunk(invocation: Invocation, source: BlockNode, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  try {
    source.readAt(at, bytes);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    if (invocation.has('salvage')) return salvage(invocation, source, at, bytes);
    throw new ImgFailure(`error while reading at byte ${at}: ${strerror(error)}`);
  }
  return bytes;
}

/** Reads sector by sector; what cannot be read becomes zeros, and is said. */
function salvage(invocation: Invocation, source: BlockNode, at: number, bytes: Uint8Array): Uint8Array {
  for (let done = 0; done < bytes.length; done += 512) {
    const sector = bytes.subarray(done, done + 512);
    try {
      source.readAt(at + done, sector);
    } catch (error) {
      invocation.complain(`warning: error while reading offset ${at + done}: ${strerror(error)}`);
      sector.fill(0);
    }
  }
  return bytes;
}

/** Writes what is worth writing: runs of data, in units that the target can leave out when they are zeros. */
class TargetWriter {
  readonly #node: BlockNode;
  readonly #plan: ConvertPlan;
  readonly #mustZero: boolean;
  readonly #unit: number;
  /** Compressed clusters are written whole: bytes of the one that is being filled. */
  #pending: { at: number; bytes: Uint8Array; length: number; hasData: boolean } | null = null;

  constructor(node: BlockNode, plan: ConvertPlan, mustZero: boolean) {
    this.#node = node;
    this.#plan = plan;
    this.#mustZero = mustZero;
    const geometry = node.image?.geometry;
    const sparse = plan.sparse === 0 ? 512 : 2 ** Math.floor(Math.log2(plan.sparse));
    this.#unit = plan.isCompressed ? geometry!.clusterSize : Math.max(sparse, geometry?.subclusterSize ?? 0);
  }

  writeData(at: number, bytes: Uint8Array): void {
    if (this.#plan.isCompressed) return this.#collect(at, bytes, true);
    if (this.#plan.sparse === 0) return this.#write(at, bytes);
    for (let start = 0; start < bytes.length;) {
      const isZero = isAllZero(bytes.subarray(start, this.#unitEnd(at, start, bytes.length)));
      let end = this.#unitEnd(at, start, bytes.length);
      while (end < bytes.length) {
        const next = this.#unitEnd(at, end, bytes.length);
        if (isAllZero(bytes.subarray(end, next)) !== isZero) break;
        end = next;
      }
      if (!isZero) this.#write(at + start, bytes.subarray(start, end));
      else this.writeZeros(at + start, end - start, this.#plan.backing !== undefined);
      start = end;
    }
  }

  /** `isOverlay`: a backing file would show through where nothing is written. */
  writeZeros(at: number, length: number, isOverlay: boolean): void {
    if (this.#plan.isCompressed) {
      for (let done = 0; done < length;) {
        const part = Math.min(length - done, this.#unit - ((at + done) % this.#unit));
        this.#collect(at + done, new Uint8Array(part), false);
        done += part;
      }
      return;
    }
    if (this.#plan.sparse === 0) this.#write(at, new Uint8Array(length));
    else if (isOverlay || this.#mustZero) this.#node.writeZeroes(at, length, { unmap: true });
  }

  /** Bytes that are written or left out together. */
  get unit(): number {
    return this.#unit;
  }

  /** A whole cluster of a target with a backing file: zeros must be said. */
  writeCompressedCluster(at: number, bytes: Uint8Array): void {
    if (this.#plan.sparse !== 0 && isAllZero(bytes)) {
      attempt(at, () => this.#node.writeZeroes(at, bytes.length, { unmap: true }));
    } else {
      attempt(at, () => this.#node.writeAt(at, bytes, { compressed: true }));
    }
  }

  /** To be called at the end: the last compressed cluster may be partial. */
  finish(total: number): void {
    if (this.#pending !== null) this.#writeCluster(total);
  }

  #unitEnd(at: number, start: number, length: number): number {
    return Math.min(length, start + this.#unit - ((at + start) % this.#unit));
  }

  #write(at: number, bytes: Uint8Array): void {
    attempt(at, () => this.#node.writeAt(at, bytes));
  }

  #collect(at: number, bytes: Uint8Array, hasData: boolean): void {
    for (let done = 0; done < bytes.length;) {
      const cluster = at + done - ((at + done) % this.#unit);
      if (this.#pending !== null && this.#pending.at !== cluster) this.#writeCluster(this.#pending.at + this.#unit);
      this.#pending ??= { at: cluster, bytes: new Uint8Array(this.#unit), length: 0, hasData: false };
      const skip = at + done - cluster;
      const part = bytes.subarray(done, done + this.#unit - skip);
      this.#pending.bytes.set(part, skip);
      this.#pending.length = skip + part.length;
      this.#pending.hasData ||= hasData;
      done += part.length;
    }
  }

  #writeCluster(end: number): void {
    const { at, bytes, hasData } = this.#pending!;
    this.#pending = null;
    const content = bytes.subarray(0, Math.min(bytes.length, end - at, this.#node.length - at));
    if (this.#plan.sparse !== 0 && (!hasData || isAllZero(content))) return;
    attempt(at, () => this.#node.writeAt(at, content, { compressed: true }));
  }
}

function attempt(at: number, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new ImgFailure(`error while writing at byte ${at}: ${strerror(error)}`);
  }
}
