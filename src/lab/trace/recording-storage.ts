import type { HostOffset, Purpose, Storage } from '#engine';
import type { TraceEvent } from './trace.ts';

/** Thrown out of the engine at the moment when the power fails; nothing after it reaches the storage. */
export class PowerCut extends Error {
  constructor() {
    super('power cut');
    this.name = 'PowerCut';
  }
}

export interface ReadRange {
  readonly at: HostOffset;
  readonly length: number;
}

/**
 * Records every write, flush, truncate and discard that the engine makes, with its purpose and the guest operation
 * behind it; reads too where somebody asks for them.
 */
export class RecordingStorage implements Storage {
  readonly events: TraceEvent[] = [];
  readonly reads: ReadRange[] = [];
  readonly isReadOnly = false;
  /** Index of the guest operation under way. */
  operation = 0;
  recordsReads = false;
  /** Called when the power fails, before anything in the engine notices. */
  onPowerCut: () => void = () => undefined;
  readonly #below: Storage;
  readonly #cut: number;

  /** Cuts the power when event `cut` is about to be issued. */
  constructor(below: Storage, cut = Infinity) {
    this.#below = below;
    this.#cut = cut;
  }

  get size(): number {
    return this.#below.size;
  }

  read(at: HostOffset, into: Uint8Array): void {
    if (this.recordsReads) this.reads.push({ at, length: into.length });
    this.#below.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array, why: Purpose): void {
    this.#record({
      kind: 'write',
      at,
      before: this.#bytesAt(at, bytes.length),
      after: bytes.slice(),
      ...this.#now(why),
    });
    this.#below.write(at, bytes, why);
  }

  truncate(size: number, why: Purpose): void {
    const lost = Math.max(0, this.size - size);
    this.#record({ kind: 'truncate', size, before: this.#bytesAt(size, lost), ...this.#now(why) });
    this.#below.truncate(size, why);
  }

  discard(at: HostOffset, length: number, why: Purpose): void {
    this.#record({ kind: 'discard', at, before: this.#bytesAt(at, length), ...this.#now(why) });
    this.#below.discard(at, length, why);
  }

  flush(why: Purpose): void {
    this.#record({ kind: 'flush', ...this.#now(why) });
    this.#below.flush(why);
  }

  /** The storage below outlives the image: the lab reads it afterwards. */
  close(): void {}

  #record(event: TraceEvent): void {
    if (this.events.length >= this.#cut) {
      this.onPowerCut();
      throw new PowerCut();
    }
    this.events.push(event);
  }

  #now(purpose: Purpose) {
    return { purpose, operation: this.operation, sizeBefore: this.size };
  }

  #bytesAt(at: HostOffset, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#below.read(at, bytes);
    return bytes;
  }
}
