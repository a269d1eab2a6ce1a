import { Scratch } from '../scratch.ts';
import { BLOCK_SIZE_MAX } from './codes.ts';
import { corrupt } from './corrupt.ts';
import { decodeHuffmanStream, decodeHuffmanStreams, type HuffmanTable, readHuffmanTable } from './huffman-decode.ts';

/** Where a block's literals are: in the input itself when they are stored, else decoded. */
export interface Literals {
  bytes: Uint8Array;
  view: DataView;
  at: number;
  length: number;
  /** Where the literals section ended in the input. */
  end: number;
}

/** Bytes that may be read and written past the last literal. */
const SLACK = 32;

const decoded = new Scratch();

/** Decodes the literals section of a block (RFC 8878, 3.1.1.3.1). `huffman` is kept from block to block in a frame. */
export function readLiterals(source: Scratch, at: number, end: number, huffman: HuffmanTable, into: Literals): void {
  decoded.reserve(BLOCK_SIZE_MAX + SLACK);
  if (at >= end) throw corrupt('a block is truncated');
  const input = source.view;
  const type = input.getUint8(at) & 3;
  const format = (input.getUint8(at) >> 2) & 3;
  if (type < 2) {
    const headerLength = format === 1 ? 2 : format === 3 ? 3 : 1;
    if (at + headerLength > end) throw corrupt('a literals header is truncated');
    const header = input.getUint32(at, true);
    const length =
      format === 1 ? (header >>> 4) & 0xfff : format === 3 ? (header >>> 4) & 0xfffff : (header >>> 3) & 31;
    if (length > BLOCK_SIZE_MAX) throw corrupt('too many literals');
    const dataEnd = at + headerLength + (type === 0 ? length : 1);
    if (dataEnd > end) throw corrupt('literals are truncated');
    if (type === 0) {
      into.bytes = source.bytes;
      into.view = source.view;
      into.at = at + headerLength;
    } else {
      useDecoded(into);
      decoded.bytes.fill(input.getUint8(at + headerLength), 0, length);
    }
    into.length = length;
    into.end = dataEnd;
    return;
  }

  const headerLength = format < 2 ? 3 : format + 2;
  if (at + headerLength > end) throw corrupt('a literals header is truncated');
  const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
  const mask = (1 << sizeBits) - 1;
  const length = (input.getUint32(at, true) >>> 4) & mask;
  const compressedBit = 4 + sizeBits;
  const compressedLength = (input.getUint32(at + (compressedBit >> 3), true) >>> (compressedBit & 7)) & mask;
  const dataEnd = at + headerLength + compressedLength;
  if (length > BLOCK_SIZE_MAX) throw corrupt('too many literals');
  if (dataEnd > end) throw corrupt('literals are truncated');

  let data = at + headerLength;
  if (type === 2) data = readHuffmanTable(input, data, dataEnd, huffman);
  else if (huffman.bits === 0) throw corrupt('a Huffman code is to be used again, but there was none');
  if (format === 0) decodeHuffmanStream(input, data, dataEnd, huffman, decoded.bytes, 0, length);
  else decodeHuffmanStreams(input, data, dataEnd, huffman, decoded.bytes, length);
  useDecoded(into);
  into.length = length;
  into.end = dataEnd;
}

function useDecoded(into: Literals): void {
  into.bytes = decoded.bytes;
  into.view = decoded.view;
  into.at = 0;
}
