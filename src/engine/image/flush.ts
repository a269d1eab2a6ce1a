import { storeBitmaps } from '../bitmaps/store-bitmaps.ts';
import { EngineError, isEngineError, type EngineErrorCode } from '../errors.ts';
import { flushesAfterWrite } from './cache-mode.ts';
import { clearDirtyBit } from './dirty-bit.ts';
import type { Image } from './image.ts';

/** Makes every completed guest write durable. While the dirty bit stands, refcounts may stay behind. */
export function flushImage(image: Image): void {
  image.mustBeOpen();
  if (!image.isWritable || image.isMarkedCorrupt) return;
  image.file.event('flush_to_os');
  image.l2Tables.writeAll();
  if (!image.isDirty) image.refcounts.blocks.writeAll();
  image.file.event('flush_to_disk');
  image.file.flush('flush-guest');
  image.mayFlushForSpace = true;
}

/** To be called at the end of every guest operation that changed something. */
export function endGuestWrite(image: Image): void {
  if (flushesAfterWrite(image.cacheMode)) flushImage(image);
}

/** A cache of tables that could not be written at the close, by QEMU's name, and why. */
export interface UnwrittenCache {
  readonly name: 'L2 table' | 'refcount block';
  readonly cause: EngineError;
}

/** Some of the tables did not reach the disk at the close. What was flushed before is there; clusters may have leaked. */
export class UnwrittenTables extends EngineError {
  readonly caches: readonly UnwrittenCache[];

  constructor(code: EngineErrorCode, caches: readonly UnwrittenCache[]) {
    const names = caches.map(({ name }) => `${name} cache`).join(' and the ');
    super(
      code,
      `At the close the ${names} could not be written: ${caches[0]?.cause.message ?? ''} What was written since the last flush may be lost.`,
      { cause: caches[0]?.cause },
    );
    this.caches = caches;
  }
}

/**
 * Writes everything back and closes the storage, even when writing fails. The dirty bit is cleared only if this session
 * set it and everything before reached the disk. An image marked corrupt is left as it is.
 * @throws UnwrittenTables
 */
export function closeImage(image: Image): void {
  if (image.isClosed) return;
  let bitmapFailure: EngineError | null = null;
  try {
    if (image.isWritable && !image.isMarkedCorrupt) {
      // What the guest wrote matters more: it is brought home all the same. The bitmaps stay marked as in use.
      bitmapFailure = failureOf(() => storeBitmaps(image));
      writeEverything(image);
    }
  } finally {
    image.isClosed = true;
    image.storage.close();
    if (image.dataFile !== image.file) image.dataFile.storage.close();
  }
  if (bitmapFailure !== null) throw bitmapFailure;
}

/** Writes L2 tables and refcounts, each after what it depends on, and makes them durable, dirty bit or not. */
export function writeTablesDurably(image: Image): void {
  image.l2Tables.writeAll();
  image.refcounts.blocks.writeAll();
  image.file.flush('flush-ordering');
}

function writeEverything(image: Image): void {
  const l2 = failureOf(() => image.l2Tables.writeAll());
  // Whatever became of the L2 tables: refcounts that must wait for them fail by themselves, the others may only save leaks.
  const refcounts = failureOf(() => image.refcounts.blocks.writeAll());
  const clears = image.dirtyState === 'set-by-this-session';
  const flush = failureOf(() => image.file.flush(clears ? 'flush-ordering' : 'flush-close'));
  const unwritten: UnwrittenCache[] = [];
  for (const [name, failure] of [
    ['L2 table', l2 ?? flush],
    ['refcount block', refcounts ?? flush],
  ] as const) {
    if (failure !== null) unwritten.push({ name, cause: failure });
  }
  if (unwritten[0] !== undefined) throw new UnwrittenTables(unwritten[0].cause.code, unwritten);
  if (clears) clearDirtyBit(image);
  // Clusters freed last are released now; their holes were punched after the flush.
  image.file.flush('flush-close');
}

function failureOf(work: () => void): EngineError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (isEngineError(error)) return error;
    throw error;
  }
}
