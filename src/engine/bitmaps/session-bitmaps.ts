import { BITMAP_AUTO, BITMAP_IN_USE, type BitmapEntry } from '../format/bitmap-directory.ts';
import type { BitmapsExtension } from '../format/header-extensions.ts';
import type { ImageHead } from '../image/head.ts';
import type { BitmapBits } from './bitmap-bits.ts';

/** A persistent bitmap as a session knows it. */
export interface PersistentBitmap {
  readonly name: string;
  readonly granularityBits: number;
  /** It records what is written. */
  isEnabled: boolean;
  /** It missed changes, or cannot be read: nobody may believe it any more. */
  isInconsistent: boolean;
  /** Its bits, once they were read; null before, and for an inconsistent one. */
  bits: BitmapBits | null;
  /** Where it stands in the image; null as long as it was never stored. */
  readonly stored: BitmapEntry | null;
}

/**
 * The persistent bitmaps of an open image. A session that changes nothing leaves them alone. Before the first change of
 * the disk they are marked in use, durably, so that a crash leaves none that looks valid and is not; from then on they
 * live in memory, and the close stores them anew.
 */
export class SessionBitmaps {
  /** What the header says of the directory on disk. */
  directory: BitmapsExtension | null;
  /** In the order of the directory that the close will write. */
  list: PersistentBitmap[];
  /** Bitmaps that were removed: their clusters are freed when the directory that names them is gone. */
  removed: BitmapEntry[] = [];
  /** The enabled and consistent ones, with their bits, while the session records. */
  recording: readonly BitmapBits[] = [];
  /** On disk they are marked as in use by this session; or there is none that has to be. */
  isMarkedInUse: boolean;
  /** What is in memory differs from what is stored. */
  isChanged = false;

  constructor({ bitmaps, extensions }: Pick<ImageHead, 'bitmaps' | 'extensions'>) {
    this.directory = bitmaps.length === 0 ? null : extensions.bitmaps;
    this.list = bitmaps.map(bitmapOf);
    this.isMarkedInUse = bitmaps.length === 0;
  }

  find(name: string): PersistentBitmap | null {
    return this.list.find((bitmap) => bitmap.name === name) ?? null;
  }

  /** To be called whenever a bitmap comes, goes, is enabled or disabled while the session records. */
  chooseRecording(): void {
    this.recording = this.list.flatMap(({ isEnabled, bits }) => (isEnabled && bits !== null ? [bits] : []));
  }
}

function bitmapOf(entry: BitmapEntry): PersistentBitmap {
  return {
    name: entry.name,
    granularityBits: entry.granularityBits,
    isEnabled: (entry.flags & BITMAP_AUTO) !== 0,
    isInconsistent: (entry.flags & BITMAP_IN_USE) !== 0,
    bits: null,
    stored: entry,
  };
}
