import { acceptPorts, serve, type MethodTable } from '#rpc';
import { changingHandlers, type ChangingMethods } from './image/changing.ts';
import { lookingHandlers, type LookingMethods } from './image/looking.ts';
import { Library } from './library/library.ts';
import { libraryHandlers, type LibraryMethods } from './library/methods.ts';

type Served = LibraryMethods & LookingMethods & ChangingMethods;

const opening = Library.open();

acceptPorts(self, (port) => {
  serve<Served & MethodTable<Served>>(
    port,
    opening.then((library) => ({
      ...libraryHandlers(library),
      ...lookingHandlers(library),
      ...changingHandlers(library),
    })),
  );
});
