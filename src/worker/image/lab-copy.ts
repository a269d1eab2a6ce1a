import { EngineError, type MemoryStorage, type Storage } from '#engine';
import { copyToMemory } from '../library/copy.ts';
import { readHeadToLook } from './open.ts';

/** A copy of an image in memory, for the crash lab: it records one file, and what is in there has to be read by itself. */
export function copyForLab(storage: Storage): MemoryStorage {
  const { encryption, hasDataFile } = readHeadToLook(storage);
  if (encryption !== 'none') throw new EngineError('unsupported', 'The crash lab takes no encrypted images.');
  if (hasDataFile) throw new EngineError('unsupported', 'The crash lab takes no images with an external data file.');
  return copyToMemory(storage);
}
