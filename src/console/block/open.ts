import {
  EngineError,
  isEngineError,
  openImage,
  readHead,
  type CacheMode,
  type GuestSource,
  type ImageHead,
  type Storage,
} from '#engine';
import type { ConsoleHost } from '../host.ts';
import { parseJsonName } from '../options/json-name.ts';
import { takeChild, takeOption, type Options } from '../options/options.ts';
import { strerror } from '../text/strerror.ts';
import { backingNameOf } from './backing-name.ts';
import { FileNode } from './file-node.ts';
import { storageOf } from './node-storage.ts';
import type { BlockNode } from './node.ts';
import { Qcow2Node } from './qcow2-node.ts';
import { takeQcow2Options } from './qcow2-options.ts';
import { RawNode } from './raw-node.ts';

export interface OpenFlags {
  readonly writable: boolean;
  readonly cacheMode: CacheMode;
  /** Leaves the backing file closed. */
  readonly withoutBacking?: boolean;
}

/** What to open: a file name, options, or both. `format` null: look at the first bytes. */
export interface OpenRequest {
  readonly filename: string | null;
  readonly format?: string | null;
  readonly options?: Options;
  readonly flags: OpenFlags;
}

const FORMATS = new Set(['qcow2', 'raw']);
const PROTOCOLS = new Set(['file', 'host_device', 'blkdebug', 'null-co']);

/**
 * Opens a block graph: a format node over a protocol node, with the backing chain.
 * @throws EngineError with the text that QEMU's tools print behind their name
 */
export async function openBlock(host: ConsoleHost, request: OpenRequest): Promise<BlockNode> {
  const { filename, options } = optionsOf(request);
  return openNode(host, filename, request.filename, options, request);
}

/**
 * Opens only the file of an image, as a check does, for which a broken image is no obstacle.
 * @returns the node below the format, and the format's name
 */
export async function openImageFile(
  host: ConsoleHost,
  request: OpenRequest,
): Promise<{ readonly file: BlockNode; readonly format: string }> {
  const { filename, options } = optionsOf(request);
  const driver = takeOption(options, 'driver') ?? request.format ?? null;
  if (driver !== null && !FORMATS.has(driver) && !PROTOCOLS.has(driver)) {
    throw new EngineError('invalid-argument', `Unknown driver '${driver}'`);
  }
  const file = await openFileChild(host, filename, options, request.flags);
  return { file, format: driver ?? probeFormat(storageOf(file)) };
}

/** The options of a request, those of a `json:` name included; the name itself is null then. */
function optionsOf(request: OpenRequest): { filename: string | null; options: Options } {
  const options: Options = new Map(request.options ?? []);
  if (request.filename === null || !request.filename.startsWith('json:'))
    return { filename: request.filename, options };
  for (const [name, value] of parseJsonName(request.filename)) if (!options.has(name)) options.set(name, value);
  return { filename: null, options };
}

async function openNode(
  host: ConsoleHost,
  filename: string | null,
  shownName: string | null,
  options: Options,
  { format = null, flags }: OpenRequest,
): Promise<BlockNode> {
  const driver = takeOption(options, 'driver') ?? format ?? null;
  if (driver !== null && !FORMATS.has(driver) && !PROTOCOLS.has(driver)) {
    throw new EngineError('invalid-argument', `Unknown driver '${driver}'`);
  }
  if (driver !== null && PROTOCOLS.has(driver)) return openProtocol(host, driver, filename, options, flags);
  const file = await openFileChild(host, filename, options, flags);
  try {
    const formatName = driver ?? probeFormat(storageOf(file));
    const name = shownName ?? file.filename;
    if (formatName === 'raw') return new RawNode(name, file);
    return await openQcow2(host, name, file, options, flags);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openFileChild(
  host: ConsoleHost,
  filename: string | null,
  options: Options,
  flags: OpenFlags,
): Promise<BlockNode> {
  const child = takeChild(options, 'file');
  if (filename === null && child.size === 0) {
    const name = takeOption(options, 'filename');
    if (name === undefined) throw new EngineError('invalid-argument', 'A block device must be specified for "file"');
    return openProtocol(host, 'file', name, options, flags);
  }
  if (filename !== null) return openProtocol(host, 'file', filename, child, flags);
  const driver = child.get('driver') ?? 'file';
  if (PROTOCOLS.has(driver)) {
    child.delete('driver');
    return openProtocol(host, driver, takeOption(child, 'filename') ?? null, child, flags);
  }
  return openNode(host, null, child.get('filename') ?? null, child, { filename: null, flags });
}

async function openProtocol(
  host: ConsoleHost,
  driver: string,
  filename: string | null,
  options: Options,
  flags: OpenFlags,
): Promise<BlockNode> {
  const name = filename ?? takeOption(options, 'filename') ?? null;
  if (name === null) throw new EngineError('invalid-argument', `The '${driver}' block driver requires a file name`);
  const path = name.startsWith('file:') ? name.slice('file:'.length) : name;
  const stat = await host.files.stat(path);
  if (stat !== null && driver === 'file' && stat.kind !== 'file') {
    throw new EngineError(
      'invalid-argument',
      `Could not open '${path}': 'file' driver requires '${path}' to be a regular file`,
    );
  }
  try {
    return new FileNode(path, await host.files.open(path, flags.writable ? 'write' : 'read'), driver);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `Could not open '${path}': ${strerror(error)}`, { cause: error });
  }
}

async function openQcow2(
  host: ConsoleHost,
  name: string,
  file: BlockNode,
  options: Options,
  flags: OpenFlags,
): Promise<BlockNode> {
  const storage = storageOf(file);
  const head = readHead(storage, { writable: flags.writable });
  const backing = flags.withoutBacking === true ? null : await openBacking(host, name, head, options, flags);
  const runtime = takeQcow2Options(options, head);
  refuseLeftOver('qcow2', options);
  const image = openImage(storage, {
    ...runtime,
    writable: flags.writable,
    cacheMode: flags.cacheMode,
    onMessage: (line) => host.writeErr(`${line}\n`),
    backing: backing === null ? (flags.withoutBacking === true ? EMPTY : null) : sourceOf(backing),
  });
  return new Qcow2Node(name, file, backing, image);
}

/** @throws EngineError invalid-argument for options that nobody took */
function refuseLeftOver(format: string, options: Options): void {
  for (const name of COMMON_OPTIONS) options.delete(name);
  const [name] = options.keys();
  if (name === undefined) return;
  throw new EngineError('invalid-argument', `Block format '${format}' does not support the option '${name}'`);
}

/** Options of every node that say nothing about the bytes. */
const COMMON_OPTIONS = [
  'read-only',
  'node-name',
  'cache.direct',
  'cache.no-flush',
  'discard',
  'force-share',
  'detect-zeroes',
  'auto-read-only',
];

/** Stands for a backing file that is deliberately not opened. */
const EMPTY: GuestSource = { virtualSize: 0, readAt: () => undefined, zeroRunAt: () => 0, close: () => undefined };

async function openBacking(
  host: ConsoleHost,
  name: string,
  { backingFile, backingFormat }: ImageHead,
  options: Options,
  flags: OpenFlags,
): Promise<BlockNode | null> {
  const child = takeChild(options, 'backing');
  if (backingFile === null && child.size === 0) return null;
  const filename = child.size > 0 ? null : backingNameOf(name, backingFile!);
  return openBlock(host, {
    filename,
    format: child.get('driver') ?? backingFormat,
    options: child,
    flags: { ...flags, writable: false },
  }).catch((error: unknown) => {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `Could not open backing file: ${error.message}`, { cause: error });
  });
}

export function sourceOf(node: BlockNode): GuestSource {
  return {
    get virtualSize() {
      return node.length;
    },
    readAt: (at, into) => node.readAt(at, into),
    zeroRunAt: (at, lengthMax) => {
      const status = node.statusAt(at, lengthMax);
      return status.isZero || (!status.isAllocated && node.backing === null) ? status.length : 0;
    },
    close: () => node.close(),
  };
}

function probeFormat(storage: Storage): 'qcow2' | 'raw' {
  const start = new Uint8Array(8);
  storage.read(0, start);
  const view = new DataView(start.buffer);
  return storage.size >= 112 && view.getUint32(0) === 0x514649fb && view.getUint32(4) >= 2 ? 'qcow2' : 'raw';
}
