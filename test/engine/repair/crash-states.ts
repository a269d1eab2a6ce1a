import { MemoryStorage, type Purpose, type Storage } from '#engine';

type Event =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'discard'; readonly at: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'flush' };

/** Remembers what is written to it, and passes it on. */
export class RecordingStorage implements Storage {
  readonly isReadOnly = false;
  readonly events: Event[] = [];
  readonly #below: MemoryStorage;

  constructor(below: MemoryStorage) {
    this.#below = below;
  }

  get size(): number {
    return this.#below.size;
  }

  read(at: number, into: Uint8Array): void {
    this.#below.read(at, into);
  }

  write(at: number, bytes: Uint8Array, _why: Purpose): void {
    this.events.push({ kind: 'write', at, bytes: bytes.slice() });
    this.#below.write(at, bytes);
  }

  truncate(size: number, _why: Purpose): void {
    this.events.push({ kind: 'truncate', size });
    this.#below.truncate(size);
  }

  discard(at: number, length: number, _why: Purpose): void {
    this.events.push({ kind: 'discard', at, length });
    this.#below.discard(at, length);
  }

  flush(_why: Purpose): void {
    this.events.push({ kind: 'flush' });
    this.#below.flush();
  }

  close(): void {
    this.#below.close();
  }
}

/** What a disk persists whole or not at all. */
type Atom = (media: MemoryStorage) => void;

const SECTOR = 512;
/** Up to this many atoms between two flushes all subsets are tried, beyond it a sample. */
const EXHAUSTIVE_MAX = 6;

/**
 * The images that a power cut during `events` can leave on a disk that held `before`: everything flushed is there, of the
 * rest any subset of sectors.
 */
export function* crashStates(
  before: MemoryStorage,
  events: readonly Event[],
  random: () => number,
): Generator<MemoryStorage> {
  const media = MemoryStorage.from(before.toBytes());
  for (const epoch of epochsOf(events)) {
    const atoms = epoch.flatMap(atomsOf).filter((atom) => changes(media, atom));
    for (const chosen of subsets(atoms.length, random)) {
      const state = MemoryStorage.from(media.toBytes());
      for (const index of chosen) atoms[index]!(state);
      yield state;
    }
    for (const atom of epoch.flatMap(atomsOf)) atom(media);
  }
}

function epochsOf(events: readonly Event[]): Event[][] {
  const epochs: Event[][] = [[]];
  for (const event of events) {
    if (event.kind === 'flush') epochs.push([]);
    else epochs.at(-1)!.push(event);
  }
  return epochs;
}

function atomsOf(event: Event): Atom[] {
  switch (event.kind) {
    case 'write': {
      const atoms: Atom[] = [];
      for (let done = 0; done < event.bytes.length; done += SECTOR) {
        const sector = event.bytes.subarray(done, done + SECTOR);
        atoms.push((media) => media.write(event.at + done, sector));
      }
      return atoms;
    }
    case 'discard':
      return [(media) => media.discard(event.at, event.length)];
    case 'truncate':
      return [(media) => media.truncate(event.size)];
    case 'flush':
      return [];
  }
}

function changes(media: MemoryStorage, atom: Atom): boolean {
  const state = MemoryStorage.from(media.toBytes());
  atom(state);
  return state.size !== media.size || Buffer.compare(state.toBytes(), media.toBytes()) !== 0;
}

function subsets(count: number, random: () => number): number[][] {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const of = (mask: number) => indexes.filter((index) => (mask & (1 << index)) !== 0);
  if (count <= EXHAUSTIVE_MAX) return Array.from({ length: 1 << count }, (_, mask) => of(mask));
  return [
    [],
    indexes,
    ...indexes.slice(0, 8).map((index) => [index]),
    ...indexes.slice(-8).map((index) => indexes.filter((other) => other !== index)),
    ...indexes.slice(0, 8).map((index) => indexes.slice(0, index)),
    ...Array.from({ length: 16 }, () => indexes.filter(() => random() < 0.5)),
  ];
}
