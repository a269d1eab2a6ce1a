import { complete, runLine } from '#console';
import { EngineError } from '#engine';
import type { ConsoleMethods, ImageId } from '#protocol';
import type { Handlers } from '#rpc';
import { browserCodecs } from '../codec/codec-pool.ts';
import type { Library } from '../library/library.ts';
import { LibraryFiles } from './library-files.ts';
import { PageHost } from './page-host.ts';

/** @param beforeChange called before a program changes an image in a way that nobody else knows of */
export function consoleHandlers(library: Library, beforeChange: (id: ImageId) => void): Handlers<ConsoleMethods> {
  const running = new Map<string, PageHost>();
  const codecs = browserCodecs();
  return {
    async 'console.run'({ run, line }, { signal, progress }) {
      const note = (text: string) => host.note(text);
      const files = new LibraryFiles(library, { holder: line, beforeChange, note });
      const host = new PageHost({ files, codecs, signal, send: progress });
      running.set(run, host);
      try {
        const exitCode = await runLine(host, line);
        return { exitCode, changed: [...files.changed], texts: host.takeHeld() };
      } finally {
        host.close();
        running.delete(run);
      }
    },
    'console.input': ({ run, line }) => {
      const host = running.get(run);
      if (host === undefined) throw new EngineError('not-found', 'This command has ended.');
      host.input(line);
    },
    'console.complete': (request) =>
      complete(new LibraryFiles(library, { holder: '', beforeChange, note: () => undefined }), request),
  };
}
