// The door of the Node layer: the file system as the engine's storage.
export { NodeStorage, type FileMode } from './file-storage.ts';
