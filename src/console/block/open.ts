import { EngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { parseJsonName } from '../options/json-name.ts';
import { NO_OBJECTS, type ObjectTable } from '../options/objects.ts';
import { takeChild, takeOption, type Options } from '../options/options.ts';
import type { BlockDriver, ChildRequest, ChildRole, DriverContext, OpenFlags } from './driver.ts';
import { driverNamed, probeDriver } from './drivers/index.ts';
import { FILE } from './drivers/file.ts';
import { storageOf } from './node-storage.ts';
import type { BlockNode } from './node.ts';

/** What to open: a file name, options, or both. `format` null: look at the first bytes. */
export interface OpenRequest {
  readonly filename: string | null;
  readonly format?: string | null;
  readonly options?: Options;
  readonly flags: OpenFlags;
  readonly objects?: ObjectTable;
}

/**
 * Opens a block graph: a format node over a protocol node, with the backing chain.
 * @throws EngineError with the text that QEMU's tools print behind their name
 */
export async function openBlock(host: ConsoleHost, request: OpenRequest): Promise<BlockNode> {
  return new NodeOpening(host, request, 'format').open();
}

/**
 * Opens only the file of an image, as a check does, for which a broken image is no obstacle.
 * @returns the node below the format, and the format's name
 */
export async function openImageFile(
  host: ConsoleHost,
  request: OpenRequest,
): Promise<{ readonly file: BlockNode; readonly format: string }> {
  const opening = new NodeOpening(host, request, 'format');
  const driver = opening.namedDriver();
  const file = await opening.openFile();
  return { file, format: (driver ?? probeDriver(storageOf(file))).name };
}

/** What a node is opened as where no driver is named: by the protocol of its name, or by a look at its first bytes. */
type Layer = 'format' | 'protocol';

/** The opening of one node, which is what its driver sees of the world. */
class NodeOpening implements DriverContext {
  readonly host: ConsoleHost;
  readonly objects: ObjectTable;
  readonly options: Options;
  readonly flags: OpenFlags;
  readonly #layer: Layer;
  /** The file name, null if only options say what to open. */
  readonly #given: string | null;
  readonly #shown: string | null;
  readonly #children: BlockNode[] = [];
  #file: BlockNode | null = null;

  constructor(host: ConsoleHost, request: OpenRequest, layer: Layer) {
    const { filename, format = null, options = new Map(), flags, objects = NO_OBJECTS } = request;
    this.host = host;
    this.objects = objects;
    this.flags = flags;
    this.#layer = layer;
    this.options = new Map(options);
    const isJson = filename?.startsWith('json:') === true;
    if (isJson) {
      for (const [name, value] of parseJsonName(filename)) if (!this.options.has(name)) this.options.set(name, value);
    }
    this.#given = isJson ? null : filename;
    this.#shown = filename;
    if (format !== null && !this.options.has('driver')) this.options.set('driver', format);
  }

  get filename(): string {
    return this.#shown ?? this.#file?.filename ?? '';
  }

  async open(): Promise<BlockNode> {
    try {
      const driver = this.namedDriver() ?? (await this.#impliedDriver());
      const node = await driver.open(this);
      this.#refuseLeftOver(driver);
      return node;
    } catch (error) {
      for (const child of this.#children) child.close();
      throw error;
    }
  }

  /** Takes the option `driver`. */
  namedDriver(): BlockDriver | null {
    const name = takeOption(this.options, 'driver');
    return name === undefined ? null : driverNamed(name);
  }

  async openFile(): Promise<BlockNode> {
    if (this.#file !== null) return this.#file;
    let filename = this.#given;
    // A name among the options, with no word of a child, is the file's.
    if (filename === null && !hasChild(this.options, 'file')) filename = takeOption(this.options, 'filename') ?? null;
    const file = await this.openChild('file', { role: 'image', filename });
    if (file === null) throw new EngineError('invalid-argument', 'A block device must be specified for "file"');
    this.#file = file;
    return file;
  }

  async openChild(name: string, { role, filename = null, format = null }: ChildRequest): Promise<BlockNode | null> {
    const options = takeChild(this.options, name);
    if (filename === null && options.size === 0) return null;
    const flags = role === 'backing' ? { ...this.flags, writable: false } : this.flags;
    // Options that say what the child is take the place of the name that the image has for it.
    const isReplaced = role === 'backing' && options.size > 0;
    const request = { filename: isReplaced ? null : filename, format, options, flags, objects: this.objects };
    const child = await new NodeOpening(this.host, request, layerOf(role, this.#layer)).open();
    this.#children.push(child);
    return child;
  }

  async #impliedDriver(): Promise<BlockDriver> {
    return this.#layer === 'protocol' ? FILE : probeDriver(storageOf(await this.openFile()));
  }

  /** @throws EngineError invalid-argument for options that nobody took */
  #refuseLeftOver(driver: BlockDriver): void {
    for (const name of COMMON_OPTIONS) this.options.delete(name);
    const [name] = this.options.keys();
    if (name === undefined || driver.name !== 'qcow2') return;
    throw new EngineError('invalid-argument', `Block format '${driver.name}' does not support the option '${name}'`);
  }
}

function hasChild(options: Options, name: string): boolean {
  return [...options.keys()].some((key) => key.startsWith(`${name}.`));
}

function layerOf(role: ChildRole, parent: Layer): Layer {
  if (role === 'filtered') return parent;
  return role === 'backing' || role === 'data' ? 'format' : 'protocol';
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
