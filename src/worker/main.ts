import type { ConsoleMethods, ImageMethods, LabMethods } from '#protocol';
import { acceptPorts, serve } from '#rpc';
import { consoleHandlers } from './console/methods.ts';
import { changingHandlers } from './image/changing.ts';
import { copyForLab } from './image/lab-copy.ts';
import { lookingHandlers } from './image/looking.ts';
import { Repairs } from './image/repairs.ts';
import { labHandlers } from './lab.ts';
import { Library } from './library/library.ts';
import { libraryHandlers } from './library/methods.ts';

// Ports may come in before the library stands; its storage is opened once, for all of them.
const opening = Library.open();
void opening.then((library) => library.tidyUp());
const repairs = new Repairs();

acceptPorts(self, (port) => {
  serve<ImageMethods & LabMethods & ConsoleMethods>(
    port,
    opening.then((library) => ({
      ...libraryHandlers(library),
      ...lookingHandlers(library),
      ...changingHandlers(library, repairs),
      ...consoleHandlers(library, (id) => {
        repairs.forget(id);
        library.keys.forget(id);
      }),
      ...labHandlers({
        copyOfImage: (id) => library.look(id, copyForLab),
        keep: async (name, bytes) =>
          library.add(await library.freeName(name), (storage) => storage.write(0, bytes, 'create')),
      }),
    })),
  );
});
