import type { GuestOffset } from '#engine';
import { FilterNode } from './filter-node.ts';
import { discardPieces, transferPieces, writeZeroesPieces } from './fragment.ts';
import type { Limits } from './limits.ts';
import { refuseCompressed, type BlockNode, type NodeOrigin, type WriteOptions } from './node.ts';

/**
 * A node that takes requests of certain sizes only. Others are made to fit, as QEMU does it for every node: reads and
 * writes are widened to the alignment (what a write does not cover is read before), long ones are cut.
 */
export class LimitedNode extends FilterNode {
  readonly limits: Limits;

  constructor(
    origin: NodeOrigin,
    file: BlockNode,
    { childName, limits }: { readonly childName: string; readonly limits: Limits },
  ) {
    super(origin, file, childName);
    this.limits = limits;
  }

  override readAt(at: GuestOffset, into: Uint8Array): void {
    if (into.length === 0) return;
    const { start, end } = this.#widened(at, into.length);
    const isAligned = start === at && end === at + into.length;
    const bytes = isAligned ? into : new Uint8Array(end - start);
    for (const piece of transferPieces(this.limits, start, end - start)) {
      this.#read(piece.at, bytes.subarray(piece.at - start, piece.at - start + piece.length));
    }
    if (!isAligned) into.set(bytes.subarray(at - start, at - start + into.length));
  }

  override writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    if (bytes.length === 0) return this.passWrite(at, bytes);
    const { start, end } = this.#widened(at, bytes.length);
    const whole = this.#withSurroundings(at, bytes, start, end);
    for (const piece of transferPieces(this.limits, start, whole.length)) {
      this.passWrite(piece.at, whole.subarray(piece.at - start, piece.at - start + piece.length));
    }
  }

  override writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    const { requestAlignment: unit } = this.limits;
    const start = Math.min(at + length, Math.ceil(at / unit) * unit);
    const end = Math.max(start, Math.floor((at + length) / unit) * unit);
    if (start > at) this.writeAt(at, new Uint8Array(start - at));
    for (const piece of writeZeroesPieces(this.limits, start, end - start)) {
      if (piece.isWhole) this.passWriteZeroes(piece.at, piece.length, options);
      else this.writeAt(piece.at, new Uint8Array(piece.length));
    }
    if (end < at + length) this.writeAt(end, new Uint8Array(at + length - end));
  }

  override discard(at: GuestOffset, length: number): void {
    if (!this.origin.passesDiscards) return;
    for (const piece of discardPieces(this.limits, at, length)) this.passDiscard(piece.at, piece.length);
  }

  /** The request as it fits the limits, to the node below. */
  protected passRead(at: GuestOffset, into: Uint8Array): void {
    this.file.readAt(at, into);
  }

  protected passWrite(at: GuestOffset, bytes: Uint8Array): void {
    this.file.writeAt(at, bytes);
  }

  protected passWriteZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    this.file.writeZeroes(at, length, options);
  }

  protected passDiscard(at: GuestOffset, length: number): void {
    this.file.discard(at, length);
  }

  /** What lies past the end reads as zeros. */
  #read(at: GuestOffset, into: Uint8Array): void {
    const available = Math.max(0, Math.min(into.length, this.file.length - at));
    if (available > 0) this.passRead(at, into.subarray(0, available));
    into.fill(0, available);
  }

  #widened(at: number, length: number): { start: number; end: number } {
    const { requestAlignment: unit } = this.limits;
    return { start: Math.floor(at / unit) * unit, end: Math.ceil((at + length) / unit) * unit };
  }

  /** What is to be written between two aligned positions, which the end of a disk of fixed size may cut short. */
  #withSurroundings(at: number, bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (start === at && end === at + bytes.length) return bytes;
    const endMax = this.file.file === null ? end : Math.max(at + bytes.length, this.file.length);
    const whole = new Uint8Array(Math.min(end, endMax) - start);
    const { requestAlignment: unit } = this.limits;
    if (start < at) this.#read(start, whole.subarray(0, unit));
    const lastUnit = Math.floor((at + bytes.length) / unit) * unit;
    if (at + bytes.length < end && (lastUnit > start || start === at))
      this.#read(lastUnit, whole.subarray(lastUnit - start));
    whole.set(bytes, at - start);
    return whole;
  }
}
