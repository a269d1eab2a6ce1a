import { compressionOf, type CodecResult } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import type { CodecPool } from '../../host.ts';
import { attemptWrite } from './write-failure.ts';

/** What becomes of the clusters of a compressed target, in their order. */
export interface ClusterSink {
  /** The bytes are the sink's only until it returns. */
  writeCluster(at: number, bytes: Uint8Array): void;
  writeZeros(at: number, length: number): void;
  /** Resolves when it takes more. */
  ready(): Promise<void>;
  /** Resolves when everything is written. */
  finish(): Promise<void>;
}

/** Compresses and writes each cluster as it comes. */
export class DirectSink implements ClusterSink {
  readonly #node: BlockNode;

  constructor(node: BlockNode) {
    this.#node = node;
  }

  writeCluster(at: number, bytes: Uint8Array): void {
    attemptWrite(at, () => this.#node.writeAt(at, bytes, { compressed: true }));
  }

  writeZeros(at: number, length: number): void {
    attemptWrite(at, () => this.#node.writeZeroes(at, length, { unmap: true }));
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }
}

type Item =
  | { readonly kind: 'cluster'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'zeros'; readonly at: number; readonly length: number };

interface Batch {
  readonly items: readonly Item[];
  readonly result: Promise<CodecResult>;
}

/** Bytes of clusters that are compressed as one job. */
const BATCH_LENGTH = 1024 * 1024;

/** Has clusters compressed in a pool, and writes in the order in which they came: the file is the same as without. */
export class PooledSink implements ClusterSink {
  readonly #node: BlockNode;
  readonly #pool: CodecPool;
  readonly #clusterSize: number;
  #items: Item[] = [];
  #clusterCount = 0;
  readonly #underWay: Batch[] = [];

  constructor(node: BlockNode, pool: CodecPool) {
    this.#node = node;
    this.#pool = pool;
    this.#clusterSize = node.image!.geometry.clusterSize;
  }

  writeCluster(at: number, bytes: Uint8Array): void {
    this.#items.push({ kind: 'cluster', at, bytes: bytes.slice() });
    this.#clusterCount += 1;
    if (this.#clusterCount * this.#clusterSize >= BATCH_LENGTH) this.#send();
  }

  writeZeros(at: number, length: number): void {
    this.#items.push({ kind: 'zeros', at, length });
  }

  async ready(): Promise<void> {
    while (this.#underWay.length > this.#pool.jobsMax) await this.#writeNext();
  }

  async finish(): Promise<void> {
    this.#send();
    while (this.#underWay.length > 0) await this.#writeNext();
  }

  #send(): void {
    const items = this.#items;
    // The disk may end within its last cluster; a stream holds a whole one.
    const bytes = new Uint8Array(this.#clusterCount * this.#clusterSize);
    let index = 0;
    for (const item of items) if (item.kind === 'cluster') bytes.set(item.bytes, index++ * this.#clusterSize);
    const result = this.#pool.run({
      kind: 'compress',
      compression: compressionOf(this.#node.image!.header),
      clusterSize: this.#clusterSize,
      bytes,
      lengths: Array.from({ length: index }, () => this.#clusterSize),
    });
    // A failure is met where the batch's turn comes, which may be never after another one.
    result.catch(() => undefined);
    this.#underWay.push({ items, result });
    this.#items = [];
    this.#clusterCount = 0;
  }

  async #writeNext(): Promise<void> {
    const { items, result } = this.#underWay.shift()!;
    const { bytes, lengths } = await result;
    let [index, from] = [0, 0];
    for (const item of items) {
      const { at } = item;
      if (item.kind === 'zeros') {
        attemptWrite(at, () => this.#node.writeZeroes(at, item.length, { unmap: true }));
        continue;
      }
      const length = lengths[index++] ?? null;
      const stream = length === null ? null : bytes.subarray(from, from + length);
      attemptWrite(at, () => this.#node.writeAt(at, item.bytes, { compressed: true, stream }));
      from += length ?? 0;
    }
  }
}
