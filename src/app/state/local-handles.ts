import { get } from 'idb-keyval';
import type { ImageId } from '#protocol';

/**
 * The handle of a local file that was opened earlier. The worker keeps it in IndexedDB under the image's id; only the
 * page can ask the user for permission, so it reads it from there.
 */
export async function localHandle(id: ImageId): Promise<FileSystemFileHandle | null> {
  return (await get<FileSystemFileHandle>(id)) ?? null;
}
