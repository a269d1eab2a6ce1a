import { bitmapsSize, fullyAllocatedSize, judgeCreateOptions, transferMemory } from '#engine';
import { statusAbove } from '../../block/layers.ts';
import type { Report } from '../../block/driver.ts';
import type { BlockNode } from '../../block/node.ts';
import { isAllZero } from '../../block/zeros.ts';
import { newLuks } from '../create-encryption.ts';
import { engineOptionsOf, parseCreateValues, type CreateValues } from '../create-options.ts';
import { ImgFailure, mustBeEngineError } from '../failure.ts';
import { Invocation, sizeOf, type GivenOption, type ImgCommand } from '../invocation.ts';
import { isJsonOutput, prettyJson } from '../json-output.ts';
import { judgeCreatable, judgeOptionList } from '../option-lists.ts';
import { loadSnapshot, parseSnapshotParameter } from '../snapshot-parameter.ts';

/** What the file of a new image would need; bytes. */
interface Measured {
  readonly required: number;
  readonly fullyAllocated: number;
  /** null: source or target keep no bitmaps. */
  readonly bitmaps: number | null;
}

const CHUNK = 2 * 1024 * 1024;

export const measure: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'measure',
    helpsWithProblems: true,
    judge: judgeOption,
    short: 'hf:O:o:l:U',
    long: { 'output=': 'output', 'size=': 'size', 'force-share': 'U' },
  });
  const snapshotText = invocation.value('l');
  const snapshot = snapshotText === undefined ? null : parseSnapshotParameter(snapshotText);
  const { isJson } = invocation;
  const sizeText = invocation.value('size');
  const size = sizeText === undefined ? null : sizeOf('image size', sizeText);
  const name = judgeNames(invocation, size);
  const source = name === null ? null : await invocation.open(name, { writable: false, format: invocation.value('f') });
  try {
    if (source !== null && snapshot !== null) loadSnapshot(source, snapshot);
    const measured = await measureTarget(invocation, source, size);
    host.writeOut(isJson ? jsonOf(measured) : textOf(measured));
    return 0;
  } finally {
    source?.close();
  }
};

function judgeOption({ name, value }: GivenOption, report: Report): void {
  if (name === 'o') judgeOptionList(value);
  else if (name === 'l') parseSnapshotParameter(value, report);
  else if (name === 'output') isJsonOutput(value);
  else if (name === 'size') sizeOf('image size', value);
}

/** @returns the image to be converted, or null. @throws ImgFailure with QEMU's text */
function judgeNames(invocation: Invocation, size: number | null): string | null {
  const { words } = invocation;
  if (words.length > 1) throw new ImgFailure('At most one filename argument is allowed.');
  const name = words[0] ?? null;
  if (name === null && ['image-opts', 'f', 'l'].some((option) => invocation.has(option))) {
    throw new ImgFailure('--image-opts, -f, and -l require a filename argument.');
  }
  if (name !== null && size !== null) throw new ImgFailure('--size N cannot be used together with a filename.');
  if (name === null && size === null) throw new ImgFailure('Either --size N or one filename must be specified.');
  return name;
}

async function measureTarget(invocation: Invocation, source: BlockNode | null, size: number | null): Promise<Measured> {
  const format = invocation.value('O') ?? 'raw';
  judgeCreatable(format);
  const values = parseValuesFor(invocation, format);
  const length = source?.length ?? size ?? Number(values.get('size') ?? 0);
  if (format === 'raw') {
    const required = Math.ceil(length / 512) * 512;
    return { required, fullyAllocated: required, bitmaps: null };
  }
  const { host, objects } = invocation;
  if (format === 'luks') {
    const required = (await newLuks(host, objects, values, '')).headerSize + Math.ceil(length / 512) * 512;
    return { required, fullyAllocated: required, bitmaps: null };
  }
  if (format !== 'qcow2') throw new ImgFailure(`Block driver '${format}' does not support size measurement`);
  const { required, fullyAllocated, bitmaps } = measureQcow2(invocation, values, source, length);
  // Other encryption takes no space, and is not looked at.
  const isLuks = values.get('encrypt.format') === 'luks';
  const clusterSize = Number(values.get('cluster_size') ?? 65536);
  const headerSize = isLuks
    ? Math.ceil((await newLuks(host, objects, values, 'encrypt.')).headerSize / clusterSize) * clusterSize
    : 0;
  return { required: required + headerSize, fullyAllocated: fullyAllocated + headerSize, bitmaps };
}

function parseValuesFor(invocation: Invocation, format: string): CreateValues {
  try {
    return parseCreateValues(format, invocation.values('o'));
  } catch (error) {
    if (!(error instanceof ImgFailure)) throw error;
    const hints = [...error.hints, `qemu-img: Invalid options for file format '${format}'`];
    throw new ImgFailure(error.message, { hints });
  }
}

function measureQcow2(
  invocation: Invocation,
  values: CreateValues,
  source: BlockNode | null,
  length: number,
): Measured {
  // Space that is reserved at once counts as used; which of the ways reserves it makes no difference.
  judgeWords(values);
  const isFull = ['falloc', 'full'].includes(values.get('preallocation') ?? 'off');
  const hasBacking = values.has('backing_file');
  const judged = new Map(values);
  for (const name of ['backing_file', 'backing_fmt']) judged.delete(name);
  if (isFull) judged.delete('preallocation');
  try {
    const options = engineOptionsOf(judged, length);
    judgeCreateOptions(options);
    const { clusterSize = 65536, compat = '1.1' } = options;
    const diskSize = Math.ceil(length / clusterSize) * clusterSize;
    const fullyAllocated = fullyAllocatedSize({ ...options, size: diskSize });
    const used =
      isFull || (source !== null && hasBacking)
        ? diskSize
        : source === null
          ? 0
          : usedIn(invocation, source, clusterSize);
    const image = source?.image ?? null;
    const keepsBitmaps = compat === '1.1' && image !== null && image.geometry.version === 3;
    return {
      required: fullyAllocated - diskSize + used,
      fullyAllocated,
      bitmaps: keepsBitmaps ? bitmapsSize(image, clusterSize) : null,
    };
  } catch (error) {
    if (error instanceof ImgFailure) throw error;
    throw new ImgFailure(mustBeEngineError(error).message);
  }
}

/** What this command says in other words than creation does. @throws ImgFailure */
function judgeWords(values: CreateValues): void {
  const [compat = '1.1', preallocation = 'off'] = [values.get('compat'), values.get('preallocation')];
  if (!['0.10', 'v2', '1.1', 'v3'].includes(compat)) throw new ImgFailure(`Invalid compatibility level: '${compat}'`);
  if (!['off', 'metadata', 'falloc', 'full'].includes(preallocation)) {
    throw new ImgFailure(`invalid parameter value: ${preallocation}`);
  }
}

/** Bytes in clusters of the target in which the source has data. */
function usedIn(invocation: Invocation, source: BlockNode, clusterSize: number): number {
  let used = 0;
  for (let at = 0; at < source.length;) {
    const { length, kind } = invocation.attempt('Unable to get block status', () =>
      statusAbove(source, null, at, source.length - at),
    );
    if (kind !== 'data') {
      at += length;
      continue;
    }
    const start = at - (at % clusterSize);
    const end = Math.ceil((at + length) / clusterSize) * clusterSize;
    // A file that does not know its holes says of all its bytes that they are data: only a look at them tells.
    const isKnown = source.image !== null || source.knowsHoles === true;
    used += isKnown ? end - start : nonZeroClusters(source, start, end, clusterSize);
    at = end;
  }
  return used;
}

function nonZeroClusters(source: BlockNode, start: number, end: number, clusterSize: number): number {
  const buffer = transferMemory(Math.max(CHUNK, clusterSize));
  let used = 0;
  for (let at = start; at < end; at += buffer.length) {
    const bytes = buffer.subarray(0, Math.min(buffer.length, source.length - at));
    source.readAt(at, bytes);
    for (let cluster = 0; cluster < bytes.length; cluster += clusterSize) {
      if (!isAllZero(bytes.subarray(cluster, cluster + clusterSize))) used += clusterSize;
    }
  }
  return used;
}

function textOf({ required, fullyAllocated, bitmaps }: Measured): string {
  const last = bitmaps === null ? '' : `bitmaps size: ${BigInt(bitmaps)}\n`;
  return `required size: ${BigInt(required)}\nfully allocated size: ${BigInt(fullyAllocated)}\n${last}`;
}

function jsonOf({ required, fullyAllocated, bitmaps }: Measured): string {
  return prettyJson({ ...(bitmaps !== null && { bitmaps }), required, 'fully-allocated': fullyAllocated });
}
