import type { CodecJob, CodecResult, Pbkdf2Request, Storage } from '#engine';

export interface FileStat {
  /** Bytes. */
  readonly size: number;
  /** Bytes that the file takes on its disk, where the host knows; else its size. */
  readonly allocatedBytes: number;
}

export type FileKind = 'file' | 'directory' | 'character-device' | 'block-device' | 'other';

/** What other programs have claimed of a file, by locks as QEMU's. */
export interface FileClaims {
  /** One writes to it. */
  readonly isWritten: boolean;
  /** One wants nobody else to write to it. */
  readonly isKept: boolean;
}

/**
 * The files that a command line can name: a folder tree in a terminal, the library and the granted local files in the
 * page, a table in tests. Relative names count from the host's working folder. Failures are EngineErrors: not-found,
 * permission, locked, io, …
 */
export interface ConsoleFiles {
  /** What has a name; null where nothing has it. */
  kindOf(name: string): Promise<FileKind | null>;
  stat(name: string): Promise<FileStat | null>;
  /** Absent where no other program can have a file open, or nobody could tell. */
  claimsOn?(name: string): Promise<FileClaims>;
  open(name: string, mode: 'read' | 'write'): Promise<Storage>;
  /** Creates or empties a file and opens it for writing. */
  create(name: string): Promise<Storage>;
  remove(name: string): Promise<void>;
  /** All that a file holds, or a pipe gives. */
  readBytes(name: string): Promise<Uint8Array>;
  /** The one name of a file, whatever links and folders lead to it; null if there is no such file. */
  realName(name: string): Promise<string | null>;
  /** Names that begin with `prefix`, for completion. */
  complete(prefix: string): Promise<readonly string[]>;
}

/**
 * A storage that also works while the program goes on. A range that is under way may not be touched otherwise, and all
 * must have come to its end before the storage is flushed, truncated or closed. Failures are those of `Storage`.
 */
export interface OverlappedStorage extends Storage {
  readLater(at: number, into: Uint8Array): Promise<void>;
  writeLater(at: number, bytes: Uint8Array): Promise<void>;
}

/** What a storage has from a place on: a hole takes no space and reads as zeros. */
export interface StorageRun {
  readonly isHole: boolean;
  readonly length: number;
}

/** A storage that can tell its holes. Nothing is asked before it is needed. */
export interface SparseStorage extends Storage {
  /** Bytes that it takes on its disk. */
  readonly allocatedBytes: number;
  /** The run that begins at a place within the storage; null where nobody knows, so that everything counts as data. */
  runAt(at: number): StorageRun | null;
}

/** Compresses and decompresses clusters beside the command, on other processors. */
export interface CodecPool {
  /** Who works beside the command. */
  readonly workerCount: number;
  /** So many jobs under way keep it busy. */
  readonly jobsMax: number;
  /** Memory for the bytes of jobs. */
  allocate(length: number): Uint8Array;
  /** Does what `runCodecJob` does. Until then, the job's bytes are the pool's. */
  run(job: CodecJob): Promise<CodecResult>;
  /** Does, here and now, the oldest job that nobody has begun; false if there is none. */
  help(): boolean;
}

/** Where another program listens; a port is a number or the name of a service. */
export type SocketAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'inet'; readonly host: string; readonly port: string };

/** Milliseconds. */
export interface ConnectTiming {
  /** Before the first attempt. */
  readonly after: number;
  /** For so long it is tried again where nobody listens. */
  readonly patience: number;
}

/** A stream of bytes to and from another program. Its calls return when they are done, as all of the engine's I/O does. */
export interface SocketStream {
  /** Fills `into`. @throws EngineError io where the other side has ended the stream before */
  receive(into: Uint8Array): void;
  /** @throws EngineError io where the other side takes no more */
  send(bytes: Uint8Array): void;
  close(): void;
}

/** What a command line needs of the world around it. */
export interface ConsoleHost {
  readonly files: ConsoleFiles;
  /** Standard output; a terminal's may be held back until `flushOut` or the end, as C programs do into a pipe. */
  writeOut(text: string): void;
  writeErr(text: string): void;
  flushOut(): void;
  /** The next line of standard input without its end, or null when there is no more. */
  readLine(): Promise<string | null>;
  /** Whether `readLine` would answer at once, be it with the end; absent where every line is asked for. */
  hasLine?(): Promise<boolean>;
  /** All that is left of standard input. */
  readAll(): Promise<string>;
  /** Milliseconds since 1970, with fractions where the host has them. */
  now(): number;
  /** At most 65,536 bytes, which is what browsers give at once. */
  randomBytes(length: number): Uint8Array;
  /** Derives a key from a password, as fast as the host can. */
  pbkdf2(request: Pbkdf2Request): Promise<Uint8Array>;
  /** Ends the program as a signal would: nothing is flushed, nothing closed. Does not return in a terminal. */
  raise(signal: number): void;
  /** Where a host has none, commands do that work themselves, with the same result. */
  readonly codecs?: CodecPool;
  /** Connects to another program; absent where a host cannot. @throws EngineError io with QEMU's text */
  readonly connect?: (address: SocketAddress, timing: ConnectTiming) => SocketStream;
  /** Waits; rejects with EngineError cancelled after Ctrl+C. */
  sleep(milliseconds: number): Promise<void>;
  /** Gives others a turn during long work; rejects with EngineError cancelled after Ctrl+C. */
  pause(): Promise<void>;
}
