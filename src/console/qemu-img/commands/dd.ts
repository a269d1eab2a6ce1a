import { transferMemory } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { FORMAT_OPTIONS, isReadOnlyFormat } from '../../options/format-options.ts';
import { strerror } from '../../text/strerror.ts';
import { parseCreateValues } from '../create-options.ts';
import { failureWithin, ImgFailure, Invocation, sizeOf, type ImgCommand } from '../invocation.ts';
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
  const invocation = new Invocation(host, args, { short: 'hf:O:U', long: { 'force-share': 'U' } });
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
    const target = await invocation.openNamed(output, { writable: true, format });
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

/** @throws ImgFailure with QEMU's text */
function operandsOf(words: readonly string[]): Operands {
  const values = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (equals < 0 || !['bs', 'count', 'if', 'of', 'skip'].includes(name)) {
      throw new ImgFailure(`unrecognized operand ${name}`);
    }
    values.set(name, word.slice(equals + 1));
  }
  const number = (name: string): number | null => {
    const text = values.get(name);
    return text === undefined ? null : sizeOf(name, text);
  };
  const blockSize = sizeOf('bs', values.get('bs') ?? '512', { min: 1, max: BLOCK_SIZE_MAX });
  const [input, output] = [values.get('if'), values.get('of')];
  const [count, skip] = [number('count'), number('skip') ?? 0];
  if (input === undefined || output === undefined) throw new ImgFailure('Must specify both input and output files');
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
  attempt(invocation, 'reading from input image file', () => source.readAt(from, bytes));
  attempt(invocation, 'writing to output image file', () => target.writeAt(to, bytes));
  return length;
}

function attempt(invocation: Invocation, doing: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    invocation.tellCorruption(error);
    throw new ImgFailure(`error while ${doing}: ${strerror(error)}`);
  }
}
