import type { BlockNode } from '../../block/node.ts';
import { isAllZero } from '../../block/zeros.ts';
import type { ConvertPlan } from './arguments.ts';
import type { ImgFailure } from '../failure.ts';
import type { DiskWriter } from './copy-content.ts';
import { attemptWrite, writeFailure } from './write-failure.ts';

/** A write that has begun; it resolves to its failure, if it has one. */
type UnderWay = Promise<ImgFailure | null>;

/** Writes what is worth writing: runs of data, in units that the target can leave out when they are zeros. */
export class SparseWriter implements DiskWriter {
  readonly #node: BlockNode;
  readonly #plan: ConvertPlan;
  /** Bytes that are written or left out together. */
  readonly #unit: number;
  /** Begun before the last call of `ready`, and since. */
  #before: UnderWay[] = [];
  #underWay: UnderWay[] = [];

  constructor(node: BlockNode, plan: ConvertPlan) {
    this.#node = node;
    this.#plan = plan;
    const sparse = plan.sparse === 0 ? 512 : 2 ** Math.floor(Math.log2(plan.sparse));
    this.#unit = Math.max(sparse, node.image?.geometry.subclusterSize ?? 0);
  }

  writeData(at: number, bytes: Uint8Array, mayLinger: boolean): void {
    if (this.#plan.sparse === 0) return this.#write(at, bytes, mayLinger);
    const { length } = bytes;
    // Where the second unit begins: a remainder for each of them would take longer than to look into it.
    const first = this.#unit - (at % this.#unit);
    const unitEnd = (start: number) => Math.min(start < first ? first : start + this.#unit, length);
    for (let start = 0; start < length;) {
      let end = unitEnd(start);
      const isZero = isZeroUnit(bytes, start, end);
      while (end < length) {
        const next = unitEnd(end);
        if (isZeroUnit(bytes, end, next) !== isZero) break;
        end = next;
      }
      if (isZero) this.writeZeros(at + start, end - start);
      else this.#write(at + start, bytes.subarray(start, end), mayLinger);
      start = end;
    }
  }

  writeZeros(at: number, length: number): void {
    if (this.#plan.sparse === 0) this.#write(at, new Uint8Array(length), true);
    else if (this.#plan.mustWriteZeros) {
      attemptWrite(at, () => this.#node.writeZeroes(at, length, { unmap: true }));
    }
  }

  /** When the writes are done that were under way at the last call: so one buffer is written while another is filled. */
  async ready(): Promise<void> {
    const before = this.#before;
    this.#before = this.#underWay;
    this.#underWay = [];
    await allOf(before);
  }

  async finish(): Promise<void> {
    await this.ready();
    await this.ready();
  }

  async abandon(): Promise<void> {
    await Promise.all([...this.#before, ...this.#underWay]);
  }

  #write(at: number, bytes: Uint8Array, mayLinger: boolean): void {
    const written = mayLinger ? (this.#node.writeLater?.(at, bytes) ?? null) : null;
    if (written === null) return attemptWrite(at, () => this.#node.writeAt(at, bytes));
    this.#underWay.push(
      written.then(
        () => null,
        (error: unknown) => writeFailure(at, error),
      ),
    );
  }
}

/** Most units of data begin with something, and need no view of their own to be told from zeros. */
function isZeroUnit(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start] === 0 && isAllZero(bytes.subarray(start, end));
}

/** @throws the first failure, once nothing is under way any more */
async function allOf(writes: readonly UnderWay[]): Promise<void> {
  const failure = (await Promise.all(writes)).find((outcome) => outcome !== null);
  if (failure !== undefined) throw failure;
}
