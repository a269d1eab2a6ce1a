import type { CacheMode, Storage } from '#engine';
import type { ConsoleHost } from '../host.ts';
import type { ObjectTable } from '../options/objects.ts';
import type { Options } from '../options/options.ts';
import type { BlockNode } from './node.ts';

export interface OpenFlags {
  readonly writable: boolean;
  readonly cacheMode: CacheMode;
  /** Leaves the backing file closed. */
  readonly withoutBacking?: boolean;
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

/** What a driver has at hand when it opens a node. Children opened through it are closed if the driver throws. */
export interface DriverContext {
  readonly host: ConsoleHost;
  /** What `--object` defined, by id. */
  readonly objects: ObjectTable;
  /** The file name of a protocol driver; of others, the name of the node as shown. */
  readonly filename: string;
  /** The node's options. The driver takes out those that it understands; one that is left over is refused. */
  readonly options: Options;
  readonly flags: OpenFlags;
  /** The child `file`. @throws EngineError if none was given, or it cannot be opened */
  openFile(): Promise<BlockNode>;
  /** Another child by its name; null if neither options nor request say what it is. @throws EngineError */
  openChild(name: string, request: ChildRequest): Promise<BlockNode | null>;
}

/** A block driver, QEMU's or one like it. */
export interface BlockDriver {
  /** As in `driver=`. */
  readonly name: string;
  /** `protocol` drivers find their bytes themselves, the others in a child. */
  readonly kind: 'format' | 'protocol' | 'filter';
  /** Whether a file is of this format, by its first bytes. */
  recognises?(storage: Storage): boolean;
  open(context: DriverContext): Promise<BlockNode>;
}
