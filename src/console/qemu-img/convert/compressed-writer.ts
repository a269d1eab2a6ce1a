import type { BlockNode } from '../../block/node.ts';
import { isAllZero } from '../../block/zeros.ts';
import type { ConvertPlan } from './arguments.ts';
import type { ClusterSink } from './cluster-sink.ts';
import type { DiskWriter } from './copy-content.ts';

/** Writes compressed clusters: collects the bytes of one, since it can be written only once and as a whole. */
export class CompressedWriter implements DiskWriter {
  readonly #sink: ClusterSink;
  readonly #plan: ConvertPlan;
  readonly #total: number;
  readonly #clusterSize: number;
  /** The cluster that is being filled, zeros where nothing came yet; `start` null: none. */
  readonly #cluster: Uint8Array;
  #start: number | null = null;
  #hasData = false;

  /** @param total bytes of the disk that will be written */
  constructor(node: BlockNode, plan: ConvertPlan, { total, sink }: { total: number; sink: ClusterSink }) {
    this.#sink = sink;
    this.#plan = plan;
    this.#total = total;
    this.#clusterSize = node.image!.geometry.clusterSize;
    this.#cluster = new Uint8Array(this.#clusterSize);
  }

  writeData(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const skip = this.#enter(at + done);
      const part = bytes.subarray(done, done + this.#clusterSize - skip);
      this.#cluster.set(part, skip);
      this.#hasData = true;
      done += part.length;
    }
  }

  writeZeros(at: number, length: number): void {
    for (let done = 0; done < length;) {
      const skip = this.#enter(at + done);
      done += Math.min(length - done, this.#clusterSize - skip);
    }
  }

  ready(): Promise<void> {
    return this.#sink.ready();
  }

  finish(): Promise<void> {
    this.#leave();
    return this.#sink.finish();
  }

  /** Clusters that are still being compressed are not waited for: nobody writes them any more. */
  abandon(): Promise<void> {
    return Promise.resolve();
  }

  /** Makes the cluster that holds `at` the one that is being filled; returns the offset of `at` within it. */
  #enter(at: number): number {
    const skip = at % this.#clusterSize;
    if (this.#start === at - skip) return skip;
    this.#leave();
    this.#start = at - skip;
    this.#hasData = false;
    this.#cluster.fill(0);
    return skip;
  }

  #leave(): void {
    if (this.#start === null) return;
    const at = this.#start;
    this.#start = null;
    const content = this.#cluster.subarray(0, Math.min(this.#clusterSize, this.#total - at));
    const isLeftOut = this.#plan.sparse !== 0 && (!this.#hasData || isAllZero(content));
    if (!isLeftOut) this.#sink.writeCluster(at, content);
    else if (this.#plan.mustWriteZeros) this.#sink.writeZeros(at, content.length);
  }
}
