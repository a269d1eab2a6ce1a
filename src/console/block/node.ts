import {
  EngineError,
  type DebugEvent,
  type GuestOffset,
  type HostOffset,
  type Image,
  type Preallocation,
  type Storage,
} from '#engine';
import type { OptionValue } from '../options/options.ts';
import type { BlockDriver } from './driver.ts';

/** What QEMU calls block status of a run of bytes. */
export interface BlockStatus {
  /** Bytes for which the answer holds. */
  readonly length: number;
  /** The node itself has it (as data or as zeros); otherwise its backing file is asked. */
  readonly isAllocated: boolean;
  readonly isZero: boolean;
  readonly isData: boolean;
  readonly isCompressed: boolean;
  /** Where the bytes stand in the node's file, if they can be read there as they are. */
  readonly hostOffset: HostOffset | null;
}

/**
 * What somebody asks a status for. `zeros`: each run of zeros is told apart, holes of files too. `savings`: only to save the
 * reading of them, so that a file need not look for holes where it seems to have none. `allocation`: no file needs to.
 */
export type StatusWanted = 'zeros' | 'savings' | 'allocation';

export interface WriteOptions {
  /** As compressed clusters. */
  readonly compressed?: boolean;
  /** The stream of the only cluster, if it was compressed before; null: it does not shrink. */
  readonly stream?: Uint8Array | null;
}

/** Whether data that is all zeros is written as zeroes: as with `write -z`, or with `unmap` as with `write -z -u`. */
export type DetectZeroes = 'off' | 'on' | 'unmap';

/** How a node was opened, which gives it its name and says what a reopen may change. */
export interface NodeOrigin {
  readonly driver: BlockDriver;
  /** As given with `node-name`. */
  readonly nodeName: string | null;
  /** The file name of a protocol, empty where there is none. */
  readonly filename: string;
  /** Options of the node itself, without those of its children. */
  readonly options: ReadonlyMap<string, OptionValue>;
  /** The backing file is closed only because nobody reads the guest's data. */
  readonly withoutBacking: boolean;
  /** Whether discards have an effect. */
  readonly passesDiscards: boolean;
  readonly detectZeroes: DetectZeroes;
}

/** A node of the block graph: a disk as somebody above it sees it. Bytes; ranges lie within `length`. */
export interface BlockNode {
  readonly origin: NodeOrigin;
  /** QEMU's driver name. */
  readonly driver: string;
  /** The name that QEMU would print: a file name, or `json:{…}`. */
  readonly filename: string;
  readonly isReadOnly: boolean;
  readonly length: number;
  /** Writes past the end make it longer, as they do with a file. */
  readonly growsOnWrite?: boolean;
  /** The open qcow2 image, where the node is one. */
  readonly image: Image | null;
  /** Nodes below, by the names that options have for them. */
  readonly children: ReadonlyMap<string, BlockNode>;
  /** The node below that holds the bytes; null for the lowest. */
  readonly file: BlockNode | null;
  /** Where the data is, if not in `file`: an external data file. */
  readonly dataFile?: BlockNode | null;
  readonly backing: BlockNode | null;
  /** The name of the backing file that the image itself asks for; null or absent if it asks for none. */
  readonly impliedBacking?: string | null;
  /** The bytes below as an engine storage, for a node that is (or stands directly over) a file. */
  readonly storage: Storage;
  readAt(at: GuestOffset, into: Uint8Array): void;
  writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void;
  writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void;
  discard(at: GuestOffset, length: number): void;
  flush(): void;
  /** With `preallocation`, whether the new part gets its room at once. */
  truncate(length: number, preallocation?: Preallocation): void;
  /** VM state, `at` counting from its start. */
  readVmState(at: number, into: Uint8Array): void;
  writeVmState(at: number, bytes: Uint8Array): void;
  /** `wanted` is `zeros` where it is left out. */
  statusAt(at: GuestOffset, lengthMax: number, wanted?: StatusWanted): BlockStatus;
  /** The bytes stand in a file that knows its holes: what it calls data is some, whatever it reads as. */
  readonly knowsHoles?: boolean;
  /** Bytes that this file takes on its disk; null or absent where nobody knows. */
  readonly allocatedBytes?: number | null;
  /**
   * Reads and writes while the program goes on, where nothing between the node and its file could have a say and the file
   * can; null where not. The rules are those of `OverlappedStorage`.
   */
  readLater?(at: GuestOffset, into: Uint8Array): Promise<void> | null;
  writeLater?(at: GuestOffset, bytes: Uint8Array): Promise<void> | null;
  /** Only of blkdebug: hears at which event the node above is. */
  onEvent?(event: DebugEvent): void;
  /** Closes the node and everything below it. */
  close(): void;
}

/** @throws EngineError always: only qcow2 keeps VM state. */
export function refuseVmState(): never {
  throw new EngineError('unsupported', 'This format does not keep VM state.');
}

/** @throws EngineError unsupported for a compressed write: only qcow2 takes it. */
export function refuseCompressed(options: WriteOptions | undefined): void {
  if (options?.compressed !== true) return;
  throw new EngineError('unsupported', 'Only qcow2 holds compressed clusters. Nothing was written.');
}
