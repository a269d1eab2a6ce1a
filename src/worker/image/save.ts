import type { OverlayStorage } from '#engine';
import { EngineError } from '#engine';
import type { ImageId, ImageProgress } from '#protocol';
import type { CallContext } from '#rpc';
import type { Library } from '../library/library.ts';
import { guardedAsync } from '../storage/faults.ts';

const CHUNK_SIZE = 4 * 1024 * 1024;

/**
 * Writes the changes of a local file into the file, once: the browser prepares a copy beside it and swaps the two at the
 * end, so the file is either as before or changed throughout.
 */
export function saveChanges(library: Library, id: ImageId, context: CallContext<ImageProgress>): Promise<void> {
  return library.alone(id, async () => {
    const handle = await library.local.writableHandle(id);
    await mustBeUnchanged(handle, await library.local.file(id));
    const overlay = await library.files.openOverlayToChange(id);
    try {
      if (!overlay.hasChanges) return;
      overlay.markSaving();
      await guardedAsync(() => writeChanges(handle, overlay, context));
    } finally {
      overlay.close();
    }
    await library.files.removeOverlay(id);
    await library.local.refresh(id, handle);
  });
}

async function writeChanges(
  handle: FileSystemFileHandle,
  overlay: OverlayStorage,
  { signal, progress }: CallContext<ImageProgress>,
): Promise<void> {
  const ranges = overlay.changedRanges();
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  // The copy takes its time with a large file: about 3 s a GiB, and as much again at the end.
  progress({ phase: 'save-copy', done: 0, total: 0 });
  const writable = await handle.createWritable({ keepExistingData: true });
  try {
    await writable.truncate(overlay.baseLimit);
    await writable.truncate(overlay.size);
    for (const { at, length } of ranges) {
      for (let from = 0; from < length; from += CHUNK_SIZE) {
        if (signal.aborted) throw new EngineError('cancelled', 'Cancelled. The file is as it was.');
        const data = new Uint8Array(Math.min(CHUNK_SIZE, length - from));
        overlay.read(at + from, data);
        await writable.write({ type: 'write', position: at + from, data });
        done += data.length;
        progress({ phase: 'save-write', done, total });
      }
    }
    progress({ phase: 'save-swap', done: total, total });
  } catch (error) {
    await writable.abort();
    throw error;
  }
  await writable.close();
}

/** The changes belong to the file as it was when it was opened; saving them over another content would destroy both. */
async function mustBeUnchanged(handle: FileSystemFileHandle, opened: File): Promise<void> {
  const now = await guardedAsync(() => handle.getFile());
  if (now.size === opened.size && now.lastModified === opened.lastModified) return;
  throw new EngineError('stale', 'Another program changed the file since it was opened here; it was not overwritten.', {
    hint: 'Download the changed image under another name, or discard the changes.',
  });
}
