import { extensionRows, featureRows, headerRows, infoText, isEngineError, type Storage } from '#engine';
import type { HeaderView, LibraryEntry } from '#protocol';

/** The entry's file, whose bytes are those of the storage. */
export function headerView({ id, name, place, fileSize, unsavedChanges }: LibraryEntry, storage: Storage): HeaderView {
  return {
    id,
    name,
    place,
    fileSize,
    unsavedChanges,
    header: headerRows(storage),
    features: featureRows(storage),
    extensions: extensionRows(storage),
    info: infoLines(storage, name),
  };
}

/** What `qemu-img info` prints; where it cannot open the image, its error line. */
function infoLines(storage: Storage, fileName: string): string {
  try {
    return infoText(storage, { fileName, diskSize: storage.size });
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return `qemu-img: Could not open '${fileName}': ${error.message}\n`;
  }
}
