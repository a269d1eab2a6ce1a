import type { DebugEvent, HostOffset, Storage } from '#engine';
import { FileNode } from './file-node.ts';
import type { BlockNode } from './node.ts';

/** The bytes of a node as an engine storage: a file directly, anything else through its own reads and writes. */
export function storageOf(node: BlockNode): Storage {
  return node instanceof FileNode ? node.storage : new NodeAsStorage(node);
}

/** A disk inside a disk (qcow2 in qcow2, qcow2 over blkdebug limits). Grows where the node below can. */
class NodeAsStorage implements Storage {
  readonly #node: BlockNode;
  readonly onEvent?: (event: DebugEvent) => void;

  constructor(node: BlockNode) {
    this.#node = node;
    if (node.onEvent !== undefined) this.onEvent = (event) => node.onEvent!(event);
  }

  get size(): number {
    return this.#node.length;
  }

  get isReadOnly(): boolean {
    return this.#node.isReadOnly;
  }

  read(at: HostOffset, into: Uint8Array): void {
    const available = Math.max(0, Math.min(into.length, this.size - at));
    if (available > 0) this.#node.readAt(at as number, into.subarray(0, available));
    into.fill(0, available);
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    if (at + bytes.length > this.size && this.#node.growsOnWrite !== true) this.#node.truncate(at + bytes.length);
    this.#node.writeAt(at as number, bytes);
  }

  truncate(size: number): void {
    this.#node.truncate(size);
  }

  discard(at: HostOffset, length: number): void {
    this.#node.discard(at as number, length);
  }

  flush(): void {
    this.#node.flush();
  }

  close(): void {
    this.#node.close();
  }
}
