import { MemoryStorage, type HostOffset, type Purpose, type Storage } from '#engine';
import { atomsOf } from '../../../src/lab/disk/atoms.ts';
import { CrashMedia } from '../../../src/lab/disk/crash-media.ts';
import { RecordingStorage } from '../../../src/lab/trace/recording-storage.ts';
import { replay, type TraceEvent } from '../../../src/lab/trace/trace.ts';
import type { Random } from '../../tools/random.ts';

/** Records what is written to one of several files that make up an image, and when, among all of them. */
class OrderedRecording extends RecordingStorage {
  readonly #onEvent: (event: TraceEvent) => void;

  constructor(below: Storage, onEvent: (event: TraceEvent) => void) {
    super(below);
    this.#onEvent = onEvent;
  }

  override write(at: HostOffset, bytes: Uint8Array, why: Purpose): void {
    super.write(at, bytes, why);
    this.#onEvent(this.events.at(-1)!);
  }

  override truncate(size: number, why: Purpose): void {
    super.truncate(size, why);
    this.#onEvent(this.events.at(-1)!);
  }

  override discard(at: HostOffset, length: number, why: Purpose): void {
    super.discard(at, length, why);
    this.#onEvent(this.events.at(-1)!);
  }

  override flush(why: Purpose): void {
    super.flush(why);
    this.#onEvent(this.events.at(-1)!);
  }
}

interface FileEvent {
  readonly file: number;
  readonly event: TraceEvent;
  /** Number of the operation under way. */
  readonly operation: number;
}

/** The files of an image, each on a disk with a cache of its own, and all that is done to them. */
export class RecordedFiles {
  operation = 0;
  readonly storages: readonly Storage[];
  readonly #before: readonly MemoryStorage[];
  readonly #events: FileEvent[] = [];

  constructor(files: readonly MemoryStorage[]) {
    this.#before = files.map((file) => MemoryStorage.from(file.toBytes()));
    this.storages = files.map(
      (below, file) =>
        new OrderedRecording(below, (event) => this.#events.push({ file, event, operation: this.operation })),
    );
  }

  /** What power cuts before each flush, and at the end, can leave: what was flushed, and a sample of the rest by sectors. */
  *crashes(random: Random): Generator<{ readonly files: readonly Storage[]; readonly operation: number }> {
    const durable = this.#before.map((file) => MemoryStorage.from(file.toBytes()));
    const open: TraceEvent[][] = durable.map(() => []);
    for (const { file, event, operation } of this.#events) {
      if (event.kind !== 'flush') {
        open[file]!.push(event);
        continue;
      }
      for (const files of crashStates(durable, open, random)) yield { files, operation };
      for (const unflushed of open[file]!) replay(unflushed, durable[file]!);
      open[file] = [];
    }
    for (const files of crashStates(durable, open, random)) yield { files, operation: this.operation };
  }
}

function* crashStates(
  durable: readonly Storage[],
  open: readonly (readonly TraceEvent[])[],
  random: Random,
): Generator<readonly Storage[]> {
  const atoms = open.map((events, file) =>
    atomsOf(events, 0, durable[file]!, { cache: 'volatile', atomicUnit: 512, order: 'any' }),
  );
  if (atoms.every(({ length }) => length === 0)) return;
  const purposes = new Set(open.flat().map(({ purpose }) => purpose));
  const choices: ((purpose: Purpose) => boolean)[] = [
    () => true,
    () => random.chance(0.5),
    // What one kind of structure says of another that is not there shows an order that is missing.
    ...[...purposes].flatMap((one) => [(purpose: Purpose) => purpose === one, (purpose: Purpose) => purpose !== one]),
  ];
  for (const isPersisted of choices) {
    yield atoms.map((ofFile, file) => {
      const media = new CrashMedia(durable[file]!, ofFile);
      ofFile.forEach((atom, index) => {
        const { purpose } = open[file]![atom.event]!;
        // The size of a file and what is in it arrive independently.
        media.setPersisted(index, atom.kind === 'size' ? random.chance(0.5) : isPersisted(purpose));
      });
      return media;
    });
  }
}
