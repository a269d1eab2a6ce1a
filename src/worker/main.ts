import { acceptPorts, serve, type MethodTable } from '#rpc';
import { lookingHandlers, type LookingMethods } from './image/looking.ts';
import { Library } from './library/library.ts';
import { libraryHandlers, type LibraryMethods } from './library/methods.ts';

type Served = LibraryMethods & LookingMethods;

const opening = Library.open();

acceptPorts(self, (port) => {
  serve<Served & MethodTable<Served>>(
    port,
    opening.then((library) => ({ ...libraryHandlers(library), ...lookingHandlers(library) })),
  );
});
