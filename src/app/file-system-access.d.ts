// Parts of Chromium's File System Access API that TypeScript's DOM library does not declare.

interface Window {
  showOpenFilePicker?(options?: { multiple?: boolean; id?: string }): Promise<FileSystemFileHandle[]>;
  readonly launchQueue?: {
    setConsumer(consumer: (params: { readonly files: readonly FileSystemHandle[] }) => void): void;
  };
}

interface DataTransferItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

interface FileSystemHandle {
  queryPermission(descriptor: { mode: 'read' | 'readwrite' }): Promise<PermissionState>;
  requestPermission(descriptor: { mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}
