import { EngineError, isEngineError, type GuestOffset, type Storage } from '#engine';
import { LowestNode } from './lowest-node.ts';
import { storageOf } from './node-storage.ts';
import { refuseCompressed, type BlockNode, type BlockStatus, type NodeOrigin, type WriteOptions } from './node.ts';

export interface QuorumRules {
  /** How many children must agree. */
  readonly threshold: number;
  /** `first`: what the first child gives that can be read; `rewriting-vote`: who is outvoted is written over. */
  readonly reading: 'vote' | 'rewriting-vote' | 'first';
}

/** The same disk on several nodes: writes go to all, reads give what at least `threshold` of them agree on. */
export class QuorumNode extends LowestNode {
  readonly #rules: QuorumRules;

  constructor(origin: NodeOrigin, children: readonly BlockNode[], rules: QuorumRules) {
    super(origin, new Map(children.map((child, index) => [`children.${index}`, child])));
    this.#rules = rules;
  }

  get isReadOnly(): boolean {
    return this.#all.some((child) => child.isReadOnly);
  }

  get length(): number {
    return Math.min(...this.#all.map((child) => child.length));
  }

  get storage(): Storage {
    return storageOf(this);
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    if (this.#rules.reading === 'first') return this.#readFirst(at, into);
    const versions = this.#all.map((child) => {
      const bytes = new Uint8Array(into.length);
      child.readAt(at, bytes);
      return bytes;
    });
    const winner = winnerOf(versions);
    if (winner.votes < this.#rules.threshold) throw new EngineError('io', 'The children of the quorum do not agree.');
    into.set(winner.bytes);
    if (this.#rules.reading !== 'rewriting-vote') return;
    for (const [index, child] of this.#all.entries()) {
      if (!isSame(versions[index]!, winner.bytes)) child.writeAt(at, winner.bytes);
    }
  }

  /** @throws the last child's error where none can be read */
  #readFirst(at: GuestOffset, into: Uint8Array): void {
    const children = this.#all;
    for (const [index, child] of children.entries()) {
      try {
        return child.readAt(at, into);
      } catch (error) {
        if (!isEngineError(error) || index === children.length - 1) throw error;
      }
    }
  }

  writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    for (const child of this.#all) child.writeAt(at, bytes);
  }

  writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    for (const child of this.#all) child.writeZeroes(at, length, options);
  }

  discard(): void {
    // Not passed on: children may answer differently to what they gave back.
  }

  flush(): void {
    for (const child of this.#all) child.flush();
  }

  truncate(): void {
    throw new EngineError('unsupported', 'Image format driver does not support resize');
  }

  statusAt(_: GuestOffset, lengthMax: number): BlockStatus {
    const none = { isZero: false, isCompressed: false, hostOffset: null };
    return { ...none, length: lengthMax, isAllocated: true, isData: true };
  }

  close(): void {
    for (const child of this.#all) child.close();
  }

  get #all(): readonly BlockNode[] {
    return [...this.children.values()];
  }
}

/** The version with the most votes; among equals, the one that came up last. */
function winnerOf(versions: readonly Uint8Array[]): { readonly bytes: Uint8Array; readonly votes: number } {
  const counted: { bytes: Uint8Array; votes: number }[] = [];
  for (const bytes of versions) {
    const same = counted.find((one) => isSame(one.bytes, bytes));
    if (same === undefined) counted.unshift({ bytes, votes: 1 });
    else same.votes++;
  }
  return counted.reduce((best, one) => (one.votes > best.votes ? one : best));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}
