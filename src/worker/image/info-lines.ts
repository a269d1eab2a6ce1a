import { infoText, isEngineError, type Storage } from '#engine';

/** What `qemu-img info` prints; where it cannot open the image, its error line. */
export function infoLines(storage: Storage, fileName: string): string {
  try {
    return infoText(storage, { fileName, diskSize: storage.size });
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return `qemu-img: Could not open '${fileName}': ${error.message}\n`;
  }
}
