import { assert } from '../../assert.ts';
import { EngineError } from '../../errors.ts';
import { mustHold, placeInStep, source, takeInput, target } from '../scratch.ts';
import { BLOCK_SIZE_MAX } from './codes.ts';
import { corrupt } from './corrupt.ts';
import { forgetHuffmanTable } from './huffman-decode.ts';
import { LITERALS_AT, readLiterals } from './literals.ts';
import { executeSequences, forgetSequences, OUTPUT_SLACK, type Progress } from './sequences.ts';
import { xxh64Low32 } from './xxh64.ts';

/**
 * Decompresses zstd frames (RFC 8878), back to back, until `output` is full or the input has no further frame, and
 * returns how many bytes they gave. What follows is ignored: a compressed cluster's data is padded. A frame that gives more
 * than there is room for, and invalid or truncated data, throws `corrupt` and leaves `output` as it was.
 *
 * Checksums are verified. A frame that needs a dictionary is refused as `unsupported`.
 */
export function zstdDecompress(input: Uint8Array, output: Uint8Array): number {
  const start = placeInStep(input, SLACK);
  takeInput(input, start, SLACK);
  mustHold(output.length + OUTPUT_SLACK);
  const end = start + input.length;
  assert(end + SLACK <= LITERALS_AT, 'the input does not reach into the literals');
  progress.out = 0;
  progress.outEnd = output.length;

  let at = start;
  while (progress.out < output.length && at + 4 <= end) {
    const magic = source.view.getUint32(at, true);
    if (magic === FRAME_MAGIC) at = decompressFrame(at + 4, end);
    else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) at = skipFrame(at + 4, end);
    else break;
  }
  if (at === start && output.length > 0) throw corrupt('no frame');

  output.set(target.bytes.subarray(0, progress.out));
  return progress.out;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Zeros around the input, so that reads of whole words near its ends stay inside. */
const SLACK = 16;

const progress: Progress = { out: 0, outEnd: 0, frameStart: 0 };

interface FrameHeader {
  readonly end: number;
  readonly contentSize: number | null;
  readonly hasChecksum: boolean;
}

function decompressFrame(at: number, end: number): number {
  const header = readFrameHeader(at, end);
  progress.frameStart = progress.out;
  forgetHuffmanTable();
  forgetSequences();

  at = header.end;
  let isLast = false;
  while (!isLast) {
    if (at + 3 > end) throw corrupt('a block header is truncated');
    const blockHeader = source.view.getUint32(at, true) & 0xffffff;
    isLast = (blockHeader & 1) === 1;
    at = decompressBlock(at + 3, end, (blockHeader >>> 1) & 3, blockHeader >>> 3);
  }

  const contentLength = progress.out - progress.frameStart;
  if (header.contentSize !== null && header.contentSize !== contentLength)
    throw corrupt('a frame does not have the length it states');
  if (!header.hasChecksum) return at;
  if (at + 4 > end) throw corrupt('a checksum is truncated');
  const content = target.bytes.subarray(progress.frameStart, progress.out);
  if (source.view.getUint32(at, true) !== xxh64Low32(content)) throw corrupt('a checksum does not match');
  return at + 4;
}

/** Reads a frame header (RFC 8878, 3.1.1.1). The window size is not needed: all output is kept. */
function readFrameHeader(at: number, end: number): FrameHeader {
  const view = source.view;
  if (at >= end) throw corrupt('a frame header is truncated');
  const descriptor = view.getUint8(at);
  if ((descriptor & 8) !== 0) throw corrupt('a reserved bit is set');
  const isSingleSegment = (descriptor & 32) !== 0;
  const dictionaryAt = at + (isSingleSegment ? 1 : 2);
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const contentSizeAt = dictionaryAt + dictionaryLength;
  const contentSizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const headerEnd = contentSizeAt + contentSizeLength;
  if (headerEnd > end) throw corrupt('a frame header is truncated');

  let isDictionaryNeeded = false;
  for (let i = 0; i < dictionaryLength; i++) isDictionaryNeeded ||= view.getUint8(dictionaryAt + i) !== 0;
  if (isDictionaryNeeded) throw new EngineError('unsupported', 'zstd data that needs a dictionary is not supported');

  return {
    end: headerEnd,
    contentSize: contentSizeLength === 0 ? null : readContentSize(contentSizeAt, contentSizeLength),
    hasChecksum: (descriptor & 4) !== 0,
  };
}

function readContentSize(at: number, length: number): number {
  const view = source.view;
  switch (length) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    default:
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  }
}

function decompressBlock(at: number, end: number, type: number, size: number): number {
  if (size > BLOCK_SIZE_MAX) throw corrupt('a block is too large');
  const blockEnd = type === 1 ? at + 1 : at + size;
  if (blockEnd > end) throw corrupt('a block is truncated');
  const { out } = progress;
  switch (type) {
    case 0:
    case 1:
      if (out + size > progress.outEnd) throw corrupt('a frame gives more than it may');
      if (type === 0) target.bytes.set(source.bytes.subarray(at, blockEnd), out);
      else target.bytes.fill(source.bytes[at]!, out, out + size);
      progress.out += size;
      return blockEnd;
    case 2:
      executeSequences(readLiterals(at, blockEnd), blockEnd, progress);
      if (progress.out - out > BLOCK_SIZE_MAX) throw corrupt('a block gives more than it may');
      return blockEnd;
    default:
      throw corrupt('invalid block type');
  }
}

function skipFrame(at: number, end: number): number {
  if (at + 4 > end) throw corrupt('a skippable frame is truncated');
  const next = at + 4 + source.view.getUint32(at, true);
  if (next > end) throw corrupt('a skippable frame is truncated');
  return next;
}
