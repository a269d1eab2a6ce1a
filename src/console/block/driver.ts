import type { CacheMode, Storage } from '#engine';
import type { ConsoleHost } from '../host.ts';
import type { JsonObject } from '../options/json-text.ts';
import type { ObjectTable } from '../options/object-table.ts';
import type { Options } from '../options/options.ts';
import type { BlockNode, NodeOrigin } from './node.ts';

export interface OpenFlags {
  readonly writable: boolean;
  readonly cacheMode: CacheMode;
  /** How the file of the host is accessed: a mode by its name. Judged only, the host here has one way. */
  readonly aio?: string;
  /** Whether the host's cache is left out, where the options do not say; left out: as the cache mode has it. */
  readonly isDirect?: boolean;
  /** Whether discards have an effect on the node, where its options do not say; left out: they have. */
  readonly passesDiscards?: boolean;
  /** Leaves the backing file closed. */
  readonly withoutBacking?: boolean;
  /** Others may write to the files at the same time, where the options do not say. */
  readonly isShared?: boolean;
  /** Nobody may write to the files at the same time, also where they are no more than bytes. */
  readonly refusesWriters?: boolean;
  /** Nobody will ask for guest data: an external data file stays closed, encryption needs no secret. */
  readonly withoutData?: boolean;
  /** Guest data will be asked for from the start to the end. */
  readonly readsInOrder?: boolean;
  /** What is opened was open before, and was judged then. */
  readonly isReopened?: boolean;
  /** This command has made the files a moment ago: what others claim was looked at then, and to look again takes the system 5 to 40 ms. */
  readonly isJustMade?: boolean;
}

/**
 * What a child is to its parent, which says how it is opened when no driver is named:
 * - `image`, `metadata`: bytes as they are, by the protocol of the file name
 * - `data`: the bytes of a node that is no format (quorum's children), format looked for
 * - `filtered`: as the parent itself was opened
 * - `backing`: format looked for, read-only
 */
export type ChildRole = 'image' | 'metadata' | 'data' | 'filtered' | 'backing';

export interface ChildRequest {
  readonly role: ChildRole;
  /** Where the options below the child's name say nothing. */
  readonly filename?: string | null;
  /** The driver, where the options name none. */
  readonly format?: string | null;
}

/** Prints what went wrong, behind the program's name. */
export type Report = (message: string) => void;

/** What a driver has at hand when it opens a node. Children opened through it are closed if the driver throws. */
export interface DriverContext {
  readonly host: ConsoleHost;
  /** What `--object` defined, by id. */
  readonly objects: ObjectTable;
  /** What the node keeps of how it was opened. */
  readonly origin: NodeOrigin;
  /** The node's options. The driver takes out those that it understands; one that is left over is refused. */
  readonly options: Options;
  readonly flags: OpenFlags;
  /** Finds a driver by the first bytes, as this one was found; null where it was named. */
  readonly probe: ((storage: Storage) => BlockDriver) | null;
  /** For what goes wrong where nobody can be told by an error. */
  readonly report: Report;
  /** The child `file`. @throws EngineError if none was given, or it cannot be opened */
  openFile(): Promise<BlockNode>;
  /** Another child by its name; null if neither options nor request say what it is. @throws EngineError */
  openChild(name: string, request: ChildRequest): Promise<BlockNode | null>;
}

/** A block driver, QEMU's or one like it. */
export interface BlockDriver {
  /** As in `driver=`. */
  readonly name: string;
  /** `protocol` drivers find their bytes themselves, the others in a child `file`. */
  readonly kind: 'format' | 'protocol' | 'filter';
  /** A format whose file holds more than the guest's bytes: nobody may write to it at the same time. */
  readonly hasMetadata?: boolean;
  /** Of a protocol: file names that begin with one of these and a colon are its own. */
  readonly prefixes?: readonly string[];
  /** Of a protocol: cannot be opened without a file name. */
  readonly needsFilename?: boolean;
  /** Of a protocol: puts options in the place of a file name. @throws EngineError */
  parseFilename?(filename: string, options: Options): void;
  /** Whether a file is of this format, by its first bytes. */
  recognises?(storage: Storage): boolean;
  /** Options that change what the node is, so that its name must tell them; `name.` stands for all below. */
  readonly strongOptions?: readonly string[];
  /** The file name that opens the same again, where the general rule does not do; `options` are the full ones. */
  exactName?(node: BlockNode, options: JsonObject): string | null;
  /** The children among the full options, where they are not one option each. */
  childOptions?(node: BlockNode): JsonObject;
  /** false: relative names in the node have no folder to start from. */
  readonly hasFolder?: boolean;
  /** Takes those options out that a reopen may change. @throws EngineError for values that cannot be */
  takeChangeable?(options: Options, node: BlockNode): void;
  open(context: DriverContext): Promise<BlockNode>;
  /** Of a format that can be checked: opens the file only, for what is wrong within is what a check looks for. */
  openToCheck?(context: DriverContext): Promise<BlockNode>;
}
