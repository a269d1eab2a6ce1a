import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { ByteLabel } from './hex-rows.ts';

export interface LoadedBytes {
  readonly bytes: Uint8Array;
  readonly labels: readonly ByteLabel[];
}

/** Neighbouring labels alternate, so that the eye finds where one ends. */
export interface ShownLabel extends ByteLabel {
  readonly isOdd: boolean;
}

interface Block {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly labels: readonly ShownLabel[];
}

const BLOCK_LENGTH = 4096;
const BLOCKS_MAX = 256;

/** The bytes of a file in blocks, fetched when they come into view and kept until there are too many. */
export class ByteSource {
  readonly size: number;
  readonly #load: (at: number, length: number) => Promise<LoadedBytes>;
  readonly #onError: (error: unknown) => void;
  readonly #blocks = new SvelteMap<number, Block>();
  readonly #asked = new SvelteSet<number>();

  constructor(
    size: number,
    load: (at: number, length: number) => Promise<LoadedBytes>,
    onError: (error: unknown) => void,
  ) {
    this.size = size;
    this.#load = load;
    this.#onError = onError;
  }

  byteAt(at: number): number | null {
    const block = this.#blocks.get(blockStart(at));
    return block?.bytes[at - block.at] ?? null;
  }

  /** The labels of what has arrived between two offsets, in order. */
  labelsBetween(from: number, to: number): readonly ShownLabel[] {
    const labels: ShownLabel[] = [];
    for (let at = blockStart(from); at < to; at += BLOCK_LENGTH) {
      for (const label of this.#blocks.get(at)?.labels ?? []) {
        // A label that crosses a block's border comes with both blocks.
        if (label.at < to && label.at + label.length > from && label.at >= lastEnd(labels)) labels.push(label);
      }
    }
    return labels;
  }

  /** Bytes between two offsets, once they have arrived. */
  async bytes(at: number, length: number): Promise<Uint8Array> {
    return (await this.#load(at, length)).bytes;
  }

  /** Asks for what is missing between two offsets. */
  want(from: number, to: number): void {
    for (let at = blockStart(from); at < Math.min(to, this.size); at += BLOCK_LENGTH) {
      if (this.#blocks.has(at) || this.#asked.has(at)) continue;
      this.#asked.add(at);
      void this.#fetch(at);
    }
  }

  async #fetch(at: number): Promise<void> {
    try {
      const { bytes, labels } = await this.#load(at, Math.min(BLOCK_LENGTH, this.size - at));
      const shown = labels.map((label, index) => ({ ...label, isOdd: index % 2 === 1 }));
      const [oldest] = this.#blocks.keys();
      if (oldest !== undefined && this.#blocks.size >= BLOCKS_MAX) this.#blocks.delete(oldest);
      this.#blocks.set(at, { at, bytes, labels: shown });
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#asked.delete(at);
    }
  }
}

function blockStart(at: number): number {
  return at - (at % BLOCK_LENGTH);
}

function lastEnd(labels: readonly ByteLabel[]): number {
  const last = labels.at(-1);
  return last === undefined ? -Infinity : last.at + last.length;
}
