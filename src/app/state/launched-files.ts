import { errorSentence } from '../text/errors.ts';
import { openFiles, type GivenFile } from './open-files.ts';
import type { Workbench } from './workbench.svelte.ts';

/** The installed app was started by a double click on image files: opens them. */
export function openLaunchedFiles(workbench: Workbench): void {
  window.launchQueue?.setConsumer(({ files }) => {
    const handles = files.filter((handle): handle is FileSystemFileHandle => handle.kind === 'file');
    Promise.all(handles.map(async (handle): Promise<GivenFile> => ({ handle, file: await handle.getFile() }))).then(
      (given) => openFiles(workbench, given),
      (error: unknown) => workbench.toasts.error(errorSentence(error)),
    );
  });
}
