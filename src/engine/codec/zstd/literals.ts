import { source } from '../scratch.ts';
import { BLOCK_SIZE_MAX } from './codes.ts';
import { corrupt } from './corrupt.ts';
import { decodeHuffmanStream, decodeHuffmanStreams, hasHuffmanTable, readHuffmanTable } from './huffman-decode.ts';

/** Where a block's literals are in the source: in the input itself when they are stored, else decoded behind it. */
export interface Literals {
  readonly at: number;
  readonly length: number;
  /** Where the literals section ended in the input. */
  readonly end: number;
}

/** Bytes that may be read and written past the last literal. */
const SLACK = 32;
export const LITERALS_AT = source.bytes.length - (BLOCK_SIZE_MAX + SLACK);

/** Decodes the literals section of a block (RFC 8878, 3.1.1.3.1). A Huffman code is kept from block to block in a frame. */
export function readLiterals(at: number, end: number): Literals {
  if (at >= end) throw corrupt('a block is truncated');
  const type = source.view.getUint8(at) & 3;
  return type < 2 ? readPlainLiterals(at, end, type) : readHuffmanLiterals(at, end, type);
}

/** Stored, or one byte as often as needed. */
function readPlainLiterals(at: number, end: number, type: number): Literals {
  const input = source.view;
  const format = (input.getUint8(at) >> 2) & 3;
  const headerLength = format === 1 ? 2 : format === 3 ? 3 : 1;
  if (at + headerLength > end) throw corrupt('a literals header is truncated');
  const header = input.getUint32(at, true);
  const length = format === 1 ? (header >>> 4) & 0xfff : format === 3 ? (header >>> 4) & 0xfffff : (header >>> 3) & 31;
  if (length > BLOCK_SIZE_MAX) throw corrupt('too many literals');
  const dataAt = at + headerLength;
  const dataEnd = dataAt + (type === 0 ? length : 1);
  if (dataEnd > end) throw corrupt('literals are truncated');
  if (type === 0) return { at: dataAt, length, end: dataEnd };
  source.bytes.fill(input.getUint8(dataAt), LITERALS_AT, LITERALS_AT + length);
  return { at: LITERALS_AT, length, end: dataEnd };
}

function readHuffmanLiterals(at: number, end: number, type: number): Literals {
  const input = source.view;
  const format = (input.getUint8(at) >> 2) & 3;
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
  if (type === 2) data = readHuffmanTable(data, dataEnd);
  else if (!hasHuffmanTable()) throw corrupt('a Huffman code is to be used again, but there was none');
  if (format === 0) decodeHuffmanStream(data, dataEnd, LITERALS_AT, length);
  else decodeHuffmanStreams(data, dataEnd, LITERALS_AT, length);
  return { at: LITERALS_AT, length, end: dataEnd };
}
