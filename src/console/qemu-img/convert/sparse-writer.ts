import type { BlockNode } from '../../block/node.ts';
import { isAllZero } from '../../block/zeros.ts';
import type { ConvertPlan } from './arguments.ts';
import type { DiskWriter } from './copy-content.ts';
import { attemptWrite } from './write-failure.ts';

/** Writes what is worth writing: runs of data, in units that the target can leave out when they are zeros. */
export class SparseWriter implements DiskWriter {
  readonly #node: BlockNode;
  readonly #plan: ConvertPlan;
  /** Bytes that are written or left out together. */
  readonly #unit: number;

  constructor(node: BlockNode, plan: ConvertPlan) {
    this.#node = node;
    this.#plan = plan;
    const sparse = plan.sparse === 0 ? 512 : 2 ** Math.floor(Math.log2(plan.sparse));
    this.#unit = Math.max(sparse, node.image?.geometry.subclusterSize ?? 0);
  }

  writeData(at: number, bytes: Uint8Array): void {
    if (this.#plan.sparse === 0) return this.#write(at, bytes);
    for (let start = 0; start < bytes.length;) {
      let end = this.#unitEnd(at, start, bytes.length);
      const isZero = isAllZero(bytes.subarray(start, end));
      while (end < bytes.length) {
        const next = this.#unitEnd(at, end, bytes.length);
        if (isAllZero(bytes.subarray(end, next)) !== isZero) break;
        end = next;
      }
      if (isZero) this.writeZeros(at + start, end - start);
      else this.#write(at + start, bytes.subarray(start, end));
      start = end;
    }
  }

  writeZeros(at: number, length: number): void {
    if (this.#plan.sparse === 0) this.#write(at, new Uint8Array(length));
    else if (this.#plan.mustWriteZeros) {
      attemptWrite(at, () => this.#node.writeZeroes(at, length, { unmap: true }));
    }
  }

  /** Nothing is held back. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  #unitEnd(at: number, start: number, length: number): number {
    return Math.min(length, start + this.#unit - ((at + start) % this.#unit));
  }

  #write(at: number, bytes: Uint8Array): void {
    attemptWrite(at, () => this.#node.writeAt(at, bytes));
  }
}
