import { mustHold, source, takeInput, target } from '../scratch.ts';
import { BLOCK_SIZE_MAX } from './codes.ts';
import { FINDER_SLACK, findSequences, Sequences, startInput } from './find-sequences.ts';
import { writeLiterals } from './huffman-encode.ts';
import { writeSequences } from './write-sequences.ts';

/**
 * Compresses `input` as one zstd frame (RFC 8878) that states its content size, and returns its length, or null when it does
 * not fit into `output`. The frame has no checksum, as QEMU's have none.
 */
export function zstdCompress(input: Uint8Array, output: Uint8Array): number | null {
  takeInput(input, 0, FINDER_SLACK);
  mustHold(output.length + BLOCK_ROOM);
  startInput(input.length);
  repeats.set([1, 4, 8]);

  let out = writeFrameHeader(input.length);
  let at = 0;
  do {
    const end = Math.min(at + BLOCK_SIZE_MAX, input.length);
    out = writeBlock(at, end, out, end === input.length);
    if (out > output.length) return null;
    at = end;
  } while (at < input.length);
  output.set(target.bytes.subarray(0, out));
  return out;
}

const sequences = new Sequences();
const repeats = new Int32Array(3);
const repeatsBefore = new Int32Array(3);
/** More than any attempt at a block takes: literals, and some ten bytes for each of the sequences. */
const BLOCK_ROOM = 4 * BLOCK_SIZE_MAX;
const SINGLE_SEGMENT = 0x20;

function writeFrameHeader(contentSize: number): number {
  const { view } = target;
  view.setUint32(0, 0xfd2fb528, true);
  if (contentSize < 256) {
    view.setUint8(4, SINGLE_SEGMENT);
    view.setUint8(5, contentSize);
    return 6;
  }
  if (contentSize < 65536 + 256) {
    view.setUint8(4, SINGLE_SEGMENT | (1 << 6));
    view.setUint16(5, contentSize - 256, true);
    return 7;
  }
  view.setUint8(4, SINGLE_SEGMENT | (2 << 6));
  view.setUint32(5, contentSize, true);
  return 9;
}

/** Writes [start, end) of the input as a run, compressed, or stored, whichever is smallest; returns where it ends. */
function writeBlock(start: number, end: number, at: number, isLast: boolean): number {
  const size = end - start;
  const content = source.bytes.subarray(start, end);
  if (size > 1 && content.every((byte) => byte === content[0])) {
    writeBlockHeader(at, 1, size, isLast);
    target.bytes[at + 3] = content[0]!;
    return at + 4;
  }
  repeatsBefore.set(repeats);
  findSequences(start, end, repeats, sequences);
  const literalsEnd = writeLiterals(at + 3, sequences.literals, sequences.literalCount);
  const blockEnd = writeSequences(literalsEnd, sequences);
  if (blockEnd - (at + 3) < size) {
    writeBlockHeader(at, 2, blockEnd - (at + 3), isLast);
    return blockEnd;
  }
  // The decoder does not see these sequences, so their offsets cannot be repeated.
  repeats.set(repeatsBefore);
  writeBlockHeader(at, 0, size, isLast);
  target.bytes.set(content, at + 3);
  return at + 3 + size;
}

function writeBlockHeader(at: number, type: number, size: number, isLast: boolean): void {
  target.view.setUint16(at, (isLast ? 1 : 0) | (type << 1) | (size << 3), true);
  target.bytes[at + 2] = size >> 13;
}
