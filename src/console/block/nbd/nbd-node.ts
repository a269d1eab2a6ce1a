import { EngineError, type GuestOffset, type Storage } from '#engine';
import type { NbdClient } from './client.ts';
import { COMMAND, COMMAND_FLAG_NO_HOLE, EXPORT_FLAG } from './wire.ts';
import { LowestNode } from '../lowest-node.ts';
import { storageOf } from '../node-storage.ts';
import { refuseCompressed, type BlockStatus, type NodeOrigin, type WriteOptions } from '../node.ts';

/** Requests without data have 32 bits for their length; a power of two is a multiple of every block size. */
const DATALESS_MAX = 2 ** 30;

/** A disk that another program serves by the NBD protocol. */
export class NbdNode extends LowestNode {
  readonly isReadOnly: boolean;
  readonly #client: NbdClient;

  constructor(origin: NodeOrigin, client: NbdClient, isReadOnly: boolean) {
    super(origin);
    this.isReadOnly = isReadOnly;
    this.#client = client;
  }

  get length(): number {
    return this.#client.info.size;
  }

  get storage(): Storage {
    return storageOf(this);
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    const { start, end } = this.#aligned(at, into.length);
    const isWhole = start === at && end === at + into.length;
    const bytes = isWhole ? into : new Uint8Array(end - start);
    for (const [from, to] of pieces(start, end, this.#client.info.transferMax)) {
      const part = bytes.subarray(from - start, to - start);
      this.#client.perform({ command: COMMAND.read, at: from, length: to - from, into: part });
    }
    if (!isWhole) into.set(bytes.subarray(at - start, at - start + into.length));
  }

  writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    const { start, end } = this.#aligned(at, bytes.length);
    let whole = bytes;
    if (end - start !== bytes.length) {
      whole = new Uint8Array(end - start);
      this.readAt(start, whole);
      whole.set(bytes, at - start);
    }
    for (const [from, to] of pieces(start, end, this.#client.info.transferMax)) {
      const part = whole.subarray(from - start, to - start);
      this.#client.perform({ command: COMMAND.write, at: from, length: to - from, bytes: part });
    }
  }

  writeZeroes(at: GuestOffset, length: number, { unmap }: { readonly unmap: boolean }): void {
    const { start, end } = this.#within(at, length);
    if (!this.#can(EXPORT_FLAG.writeZeroes) || start >= end) return this.#writePlainZeros(at, length);
    this.#writePlainZeros(at, start - at);
    const flags = unmap ? 0 : COMMAND_FLAG_NO_HOLE;
    for (const [from, to] of pieces(start, end, DATALESS_MAX)) {
      this.#client.perform({ command: COMMAND.writeZeroes, at: from, length: to - from, flags });
    }
    this.#writePlainZeros(end, at + length - end);
  }

  discard(at: GuestOffset, length: number): void {
    if (!this.origin.passesDiscards || !this.#can(EXPORT_FLAG.trim)) return;
    const { start, end } = this.#within(at, length);
    for (const [from, to] of pieces(start, end, DATALESS_MAX)) {
      this.#client.perform({ command: COMMAND.trim, at: from, length: to - from });
    }
  }

  flush(): void {
    if (this.#can(EXPORT_FLAG.flush)) this.#client.perform({ command: COMMAND.flush, at: 0, length: 0 });
  }

  truncate(length: number): void {
    if (length === this.length) return;
    throw new EngineError('unsupported', `Cannot ${length > this.length ? 'grow' : 'resize'} NBD nodes`);
  }

  statusAt(at: GuestOffset, lengthMax: number): BlockStatus {
    const { allocationContext: context } = this.#client.info;
    const whole = { length: lengthMax, isHole: false, isZero: false };
    const { start, end } = this.#aligned(at, Math.min(lengthMax, DATALESS_MAX));
    const request = { command: COMMAND.blockStatus, at: start, length: end - start };
    const run = context === null ? null : this.#client.perform({ ...request, context });
    const { length, isHole, isZero } = run === null ? whole : { ...run, length: run.length - (at - start) };
    return {
      length: Math.min(length, lengthMax),
      isAllocated: true,
      isZero,
      isData: !isHole,
      isCompressed: false,
      hostOffset: at as number,
    };
  }

  close(): void {
    this.#client.close();
  }

  #can(flag: number): boolean {
    return (this.#client.info.flags & flag) !== 0;
  }

  /** Zeros of which the server knows nothing, in pieces that memory can hold. */
  #writePlainZeros(at: number, length: number): void {
    const { transferMax } = this.#client.info;
    for (const [from, to] of pieces(at, at + length, transferMax)) this.writeAt(from, new Uint8Array(to - from));
  }

  /** The blocks that a range touches. */
  #aligned(at: number, length: number): { start: number; end: number } {
    const { blockSize } = this.#client.info;
    const end = Math.ceil((at + length) / blockSize) * blockSize;
    return { start: Math.floor(at / blockSize) * blockSize, end: Math.min(end, this.length) };
  }

  /** The blocks that lie in a range as a whole; the end is before the start if there are none. */
  #within(at: number, length: number): { start: number; end: number } {
    const { blockSize } = this.#client.info;
    const end = Math.floor((at + length) / blockSize) * blockSize;
    return { start: Math.ceil(at / blockSize) * blockSize, end };
  }
}

function* pieces(start: number, end: number, lengthMax: number): Generator<[number, number]> {
  for (let from = start; from < end; from += lengthMax) yield [from, Math.min(end, from + lengthMax)];
}
