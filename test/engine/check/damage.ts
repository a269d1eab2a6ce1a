import { readFileSync, writeFileSync } from 'node:fs';
import { decodeHeader, geometryOf, type Geometry, type Header } from '#engine';

const OFFSET_MASK = 0x00fffffffffffe00n;

/** An image file opened for damaging: the tables by name, entries as 64-bit words. */
export class Patient {
  readonly #file: string;
  readonly bytes: Buffer;
  readonly header: Header;
  readonly geometry: Geometry;

  constructor(file: string) {
    this.#file = file;
    this.bytes = readFileSync(file);
    this.header = decodeHeader(this.bytes);
    this.geometry = geometryOf(this.header);
  }

  word(at: number): bigint {
    return this.bytes.readBigUInt64BE(at);
  }

  setWord(at: number, value: bigint): void {
    this.bytes.writeBigUInt64BE(value, at);
  }

  l1At(index: number): number {
    return this.header.l1TableOffset + index * 8;
  }

  l2At(l1Index: number, l2Index: number): number {
    return Number(this.word(this.l1At(l1Index)) & OFFSET_MASK) + l2Index * this.geometry.l2EntrySize;
  }

  refcountTableAt(index: number): number {
    return this.header.refcountTableOffset + index * 8;
  }

  refcountBlockAt(index: number): number {
    return Number(this.word(this.refcountTableAt(index)) & ~0x1ffn);
  }

  /** For refcounts of 16 bits. */
  setRefcount16(cluster: number, refcount: number): void {
    const { refcountBlockEntries } = this.geometry;
    const index = Math.floor(cluster / refcountBlockEntries);
    this.bytes.writeUInt16BE(refcount, this.refcountBlockAt(index) + (cluster % refcountBlockEntries) * 2);
  }

  save(): void {
    writeFileSync(this.#file, this.bytes);
  }
}
