import { compressionOf, type CodecResult } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import type { CodecPool } from '../../host.ts';
import { JobResult } from '../../codec/job-result.ts';
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

/** What a batch writes: the next of its clusters, or zeros. */
interface Item {
  readonly kind: 'cluster' | 'zeros';
  readonly at: number;
  readonly length: number;
}

/** Memory of a job: clusters, each with room for its full size, and as much for their streams. */
interface Room {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

interface Batch extends Room {
  readonly items: readonly Item[];
  readonly result: JobResult<CodecResult>;
}

/** Bytes of clusters that are compressed as one job. */
const BATCH_LENGTH = 1024 * 1024;

/** Has clusters compressed in a pool, and writes in the order in which they came: the file is the same as without. */
export class PooledSink implements ClusterSink {
  readonly #node: BlockNode;
  readonly #pool: CodecPool;
  readonly #pause: () => Promise<void>;
  readonly #clusterSize: number;
  readonly #clusterCountMax: number;
  readonly #free: Room[] = [];
  readonly #underWay: Batch[] = [];
  #items: Item[] = [];
  #clusterCount = 0;
  #room: Room;

  constructor(node: BlockNode, pool: CodecPool, pause: () => Promise<void>) {
    this.#node = node;
    this.#pool = pool;
    this.#pause = pause;
    this.#clusterSize = node.image!.geometry.clusterSize;
    this.#clusterCountMax = Math.ceil(BATCH_LENGTH / this.#clusterSize);
    this.#room = this.#takeRoom();
  }

  writeCluster(at: number, bytes: Uint8Array): void {
    const start = this.#clusterCount++ * this.#clusterSize;
    const { input } = this.#room;
    input.set(bytes, start);
    // The disk may end within its last cluster; a stream holds a whole one.
    input.fill(0, start + bytes.length, start + this.#clusterSize);
    this.#items.push({ kind: 'cluster', at, length: bytes.length });
    if (this.#clusterCount === this.#clusterCountMax) this.#send();
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

  #takeRoom(): Room {
    const allocate = () => this.#pool.allocate(this.#clusterCountMax * this.#clusterSize);
    return this.#free.pop() ?? { input: allocate(), output: allocate() };
  }

  #send(): void {
    const { input, output } = this.#room;
    const clusterSize = this.#clusterSize;
    const result = this.#pool.run({
      kind: 'compress',
      compression: compressionOf(this.#node.image!.header),
      clusterSize,
      input,
      output,
      items: Array.from({ length: this.#clusterCount }, (_, index) => {
        return { from: index * clusterSize, length: clusterSize, to: index * clusterSize };
      }),
    });
    this.#underWay.push({ input, output, items: this.#items, result: new JobResult(result) });
    this.#items = [];
    this.#clusterCount = 0;
    this.#room = this.#takeRoom();
  }

  async #writeNext(): Promise<void> {
    const batch = this.#underWay.shift()!;
    const results = await batch.result.arrival(this.#pool, this.#pause);
    let index = 0;
    for (const { kind, at, length } of batch.items) {
      if (kind === 'zeros') {
        attemptWrite(at, () => this.#node.writeZeroes(at, length, { unmap: true }));
        continue;
      }
      const start = index * this.#clusterSize;
      const streamLength = results[index++] ?? null;
      const stream = streamLength === null ? null : batch.output.subarray(start, start + streamLength);
      const bytes = batch.input.subarray(start, start + length);
      attemptWrite(at, () => this.#node.writeAt(at, bytes, { compressed: true, stream }));
    }
    this.#free.push(batch);
  }
}
