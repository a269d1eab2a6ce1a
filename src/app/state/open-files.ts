import { errorSentence, isCancelled } from '../text/errors.ts';
import type { Workbench } from './workbench.svelte.ts';

/** A file that the user gave, with its handle where the browser has one: only that can be opened again later. */
export interface GivenFile {
  readonly file: File;
  readonly handle: FileSystemFileHandle | null;
}

/** Asks for files with the browser's dialogue; none when it was closed without choosing. */
export async function pickFiles(): Promise<GivenFile[]> {
  if (window.showOpenFilePicker === undefined) return pickWithInput();
  try {
    const handles = await window.showOpenFilePicker({ multiple: true, id: 'qcow2' });
    return await Promise.all(handles.map(async (handle) => ({ handle, file: await handle.getFile() })));
  } catch (error) {
    if (isCancelled(error)) return [];
    throw error;
  }
}

/** What was dropped. */
export interface Dropped {
  readonly files: readonly GivenFile[];
  readonly hasFolders: boolean;
}

/** The files of a drop. The transfer is read before anything is awaited: it is empty afterwards. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Dropped> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const given = await Promise.all(items.map(fileOfItem));
  const files = given.filter((file) => file !== null);
  return { files, hasFolders: files.length < given.length };
}

/** Adds the files to the library and shows the last one. */
export async function openFiles(workbench: Workbench, files: readonly GivenFile[]): Promise<void> {
  for (const { file, handle } of files) {
    try {
      const entry = await workbench.library.addLocal(file, handle);
      workbench.router.go({ place: 'image', id: entry.id, tab: 'overview', params: {} });
    } catch (error) {
      workbench.toasts.error(`${file.name}: ${errorSentence(error)}`);
    }
  }
}

async function fileOfItem(item: DataTransferItem): Promise<GivenFile | null> {
  const file = item.getAsFile();
  const handle = (await item.getAsFileSystemHandle?.()) ?? null;
  if (handle instanceof FileSystemFileHandle) return { handle, file: await handle.getFile() };
  if (handle !== null || file === null) return null; // a folder
  return { file, handle: null };
}

function pickWithInput(): Promise<GivenFile[]> {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  return new Promise((resolve) => {
    input.addEventListener('change', () => resolve([...(input.files ?? [])].map((file) => ({ file, handle: null }))));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}
