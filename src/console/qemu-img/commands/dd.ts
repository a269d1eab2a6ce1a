import { transferMemory } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { FORMAT_OPTIONS, isReadOnlyFormat } from '../../options/format-options.ts';
import { parseCreateValues } from '../create-options.ts';
import { failureWithin, ImgFailure } from '../failure.ts';
import { Invocation, sizeOf, type ImgCommand } from '../invocation.ts';
import { writeNewFile } from '../new-file.ts';

const BLOCK_SIZE_MAX = 2 ** 31 - 1;
/** Several small blocks are copied at once. */
const CHUNK = 1024 * 1024;

interface Operands {
  readonly input: string;
  readonly output: string;
  readonly blockSize: number;
  /** Blocks of the input to take; null: all. */
  readonly count: number | null;
  /** Blocks of the input to leave out at its start. */
  readonly skip: number;
}

export const dd: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, { name: 'dd', short: 'hf:O:U', long: { 'force-share': 'U' } });
  const { input, output, blockSize, count, skip } = operandsOf(invocation.words);
  const format = invocation.value('O') ?? 'raw';
  const source = await invocation.open(input, { writable: false, format: invocation.value('f') });
  try {
    if (isReadOnlyFormat(format)) throw new ImgFailure(`Format driver '${format}' does not support image creation`);
    if (FORMAT_OPTIONS[format] === undefined) throw new ImgFailure('Unknown file format');
    const end = count === null ? source.length : Math.min(source.length, count * blockSize);
    const start = skip * blockSize;
    const values = parseCreateValues(format, []);
    values.set('size', String(BigInt(Math.max(0, end - start))));
    try {
      await writeNewFile(invocation, output, format, values);
    } catch (error) {
      throw failureWithin(error, `${output}: error while creating output image`);
    }
    const target = await invocation.openNamed(output, { writable: true, format, isJustMade: true });
    try {
      if (start > end) invocation.complain(`${input}: cannot skip to specified offset`);
      for (let at = start; at < end;) {
        at += copy(invocation, { source, target, from: at, to: at - start, length: Math.min(CHUNK, end - at) });
        await host.pause();
      }
    } finally {
      target.close();
    }
    return 0;
  } finally {
    source.close();
  }
};

/** Operands are judged in their order. @throws ImgFailure with QEMU's text */
function operandsOf(words: readonly string[]): Operands {
  const names: { input?: string; output?: string } = {};
  const numbers: { bs?: number; count?: number; skip?: number } = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const value = word.slice(equals + 1);
    if (equals < 0) throw new ImgFailure(`unrecognized operand ${name}`);
    if (name === 'if') names.input = value;
    else if (name === 'of') names.output = value;
    else if (name === 'bs') numbers.bs = sizeOf(name, value, { min: 1, max: BLOCK_SIZE_MAX });
    else if (name === 'count' || name === 'skip') numbers[name] = sizeOf(name, value);
    else throw new ImgFailure(`unrecognized operand ${name}`);
  }
  const { input, output } = names;
  if (input === undefined || output === undefined) throw new ImgFailure('Must specify both input and output files');
  const { bs: blockSize = 512, count = null, skip = 0 } = numbers;
  return { input, output, blockSize, count, skip };
}

interface Piece {
  readonly source: BlockNode;
  readonly target: BlockNode;
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

function copy(invocation: Invocation, { source, target, from, to, length }: Piece): number {
  const bytes = transferMemory(length);
  invocation.attempt('error while reading from input image file', () => source.readAt(from, bytes));
  invocation.attempt('error while writing to output image file', () => target.writeAt(to, bytes));
  return length;
}
