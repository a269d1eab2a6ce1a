// Chromium's local-file functions that TypeScript's DOM library does not know yet.
interface DataTransferItem {
  getAsFileSystemHandle(): Promise<FileSystemHandle | null>;
}
