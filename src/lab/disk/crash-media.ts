import { EngineError, type HostOffset, type Storage } from '#engine';
import type { Atom } from './atoms.ts';
import type { Crash, DiskModel } from '../scenario.ts';

const PAGE = 4096;

interface Page {
  /** Atoms that touch the page, in their order. */
  readonly atoms: number[];
  /** Its bytes as the persisted atoms leave it; null until somebody reads it. */
  bytes: Uint8Array | null;
}

/**
 * The media after a power cut: the durable file with the persisted atoms over it. Atoms are switched on and off in
 * place, so that a neighbouring crash state costs the pages of one atom and the image is never copied. Read-only: what
 * opens it for writing does so through an overlay.
 */
export class CrashMedia implements Storage {
  readonly isReadOnly = true;
  readonly #durable: Storage;
  readonly #atoms: readonly Atom[];
  readonly #isPersisted: Uint8Array;
  readonly #pages = new Map<number, Page>();
  /** The end of the file at its longest, whichever atoms persisted. */
  readonly #extent: number;
  #size: number;

  constructor(durable: Storage, atoms: readonly Atom[]) {
    this.#durable = durable;
    this.#atoms = atoms;
    this.#isPersisted = new Uint8Array(atoms.length);
    this.#size = durable.size;
    this.#extent = atoms.reduce(
      (end, atom) => (atom.kind === 'sectors' ? Math.max(end, atom.at + atom.bytes.length) : end),
      durable.size,
    );
    for (const [index, atom] of atoms.entries()) {
      for (const pageIndex of this.#pagesUnder(atom)) {
        const page = this.#pages.get(pageIndex);
        if (page === undefined) this.#pages.set(pageIndex, { atoms: [index], bytes: null });
        else page.atoms.push(index);
      }
    }
  }

  get size(): number {
    return this.#size;
  }

  isPersisted(index: number): boolean {
    return this.#isPersisted[index] === 1;
  }

  setPersisted(index: number, isPersisted: boolean): void {
    if (this.isPersisted(index) === isPersisted) return;
    this.#isPersisted[index] = isPersisted ? 1 : 0;
    for (const pageIndex of this.#pagesUnder(this.#atoms[index]!)) this.#pages.get(pageIndex)!.bytes = null;
    this.#size = this.#sizeNow();
  }

  read(at: HostOffset, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const index = Math.floor((at + done) / PAGE);
      const start = at + done - index * PAGE;
      const part = into.subarray(done, done + Math.min(PAGE - start, into.length - done));
      const page = this.#pages.get(index);
      if (page === undefined) this.#durable.read(at + done, part);
      else part.set(this.#bytesOf(index, page).subarray(start, start + part.length));
      done += part.length;
    }
  }

  flush(): void {}

  close(): void {}

  write(): never {
    throw readOnly();
  }

  truncate(): never {
    throw readOnly();
  }

  discard(): never {
    throw readOnly();
  }

  #bytesOf(index: number, page: Page): Uint8Array {
    if (page.bytes !== null) return page.bytes;
    const bytes = new Uint8Array(PAGE);
    const start = index * PAGE;
    this.#durable.read(start, bytes);
    for (const atomIndex of page.atoms) {
      const atom = this.#atoms[atomIndex]!;
      if (!this.isPersisted(atomIndex)) continue;
      if (atom.kind === 'sectors') overlay(bytes, start, atom.at, atom.bytes);
      else if (atom.kind === 'hole') clear(bytes, start, atom.at, atom.at + atom.length);
      else clear(bytes, start, atom.size, Infinity);
    }
    page.bytes = bytes;
    return bytes;
  }

  #sizeNow(): number {
    let size = this.#durable.size;
    for (const [index, atom] of this.#atoms.entries()) {
      if (!this.isPersisted(index)) continue;
      if (atom.kind === 'sectors') size = Math.max(size, atom.at + atom.bytes.length);
      if (atom.kind === 'size') size = atom.size;
    }
    return size;
  }

  /** A file that shrinks clears everything behind its new end, which matters when it grows again. */
  *#pagesUnder(atom: Atom): Generator<number> {
    const start = atom.kind === 'size' ? atom.size : atom.at;
    const end =
      atom.kind === 'sectors' ? start + atom.bytes.length : atom.kind === 'hole' ? start + atom.length : this.#extent;
    for (let index = Math.floor(start / PAGE); index * PAGE < end; index++) yield index;
  }
}

/** The atoms that `persisted` names, as a list of booleans; on an in-order disk everything before them too. */
export function persistedFlags(persisted: Crash['persisted'], atomCount: number, order: DiskModel['order']): boolean[] {
  if (persisted === 'none' || persisted === 'all') return new Array<boolean>(atomCount).fill(persisted === 'all');
  const named = new Set(persisted);
  const last = order === 'in-order' ? Math.max(-1, ...persisted) : -1;
  return Array.from({ length: atomCount }, (_, index) => named.has(index) || index < last);
}

function readOnly(): EngineError {
  return new EngineError('read-only', 'A crash state is read-only.');
}

function overlay(into: Uint8Array, at: number, from: number, bytes: Uint8Array): void {
  const start = Math.max(at, from);
  const end = Math.min(at + into.length, from + bytes.length);
  if (start < end) into.set(bytes.subarray(start - from, end - from), start - at);
}

function clear(into: Uint8Array, at: number, from: number, to: number): void {
  const start = Math.max(at, from);
  const end = Math.min(at + into.length, to);
  if (start < end) into.fill(0, start - at, end - at);
}
