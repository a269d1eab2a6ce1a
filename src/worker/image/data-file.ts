import { EngineError, RAW_EXTERNAL_DATA_BIT } from '#engine';
import type { DataFileLink, ImageId } from '#protocol';
import type { Library } from '../library/library.ts';
import { readHeadToLook } from './open.ts';

/** The external data file of an image and what stands for it; null for an image that keeps its data itself. */
export async function dataFileLink(library: Library, id: ImageId): Promise<DataFileLink | null> {
  const { hasDataFile, dataFile, header } = await library.look(id, readHeadToLook);
  if (!hasDataFile) return null;
  return {
    name: dataFile,
    isRaw: (header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n,
    file: await library.dataFileOf(id, dataFile),
  };
}

/** Gives `dataFile` for the external data file of an image. */
export async function grantDataFile(
  library: Library,
  { id, dataFile }: { id: ImageId; dataFile: ImageId },
): Promise<void> {
  const { hasDataFile } = await library.look(id, readHeadToLook);
  if (!hasDataFile) throw new EngineError('invalid-argument', 'The image keeps its data itself.');
  if (dataFile === id) throw new EngineError('invalid-argument', 'An image cannot be its own data file.');
  await library.setDataFile(id, dataFile);
}
