import { HeadRefusal, isEngineError, readOutline, type EngineError, type Storage } from '#engine';
import type { ImageId, ImageRefusal } from '#protocol';
import type { Library } from '../library/library.ts';
import { problemIn } from '../library/summary.ts';
import { headerView } from './header-view.ts';
import { readHeadToLook } from './open.ts';

/**
 * Why a file cannot be opened as an image, with its header as it stands; null where it can. Fails only where the file cannot
 * be read.
 */
export async function refusalOf(library: Library, id: ImageId): Promise<ImageRefusal | null> {
  const entry = await library.entry(id);
  return library.look(id, (storage) => {
    const error = refusalToLook(storage);
    if (error === null) return null;
    return {
      ...headerView(entry, storage),
      problem: problemIn(storage, error),
      places: error instanceof HeadRefusal ? error.places : [],
      clusterSize: readOutline(storage)?.geometry.clusterSize ?? null,
    };
  });
}

function refusalToLook(storage: Storage): EngineError | null {
  try {
    readHeadToLook(storage);
    return null;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return error;
  }
}
