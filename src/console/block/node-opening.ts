import { EngineError, StepFailure, type CacheMode, type Storage } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { parseJsonName } from '../options/json-name.ts';
import { inDictionaryOrder } from '../options/json-text.ts';
import type { ObjectTable } from '../options/object-table.ts';
import { takeChild, takeOption, textOf, type Options, type OptionValue } from '../options/options.ts';
import { strerror } from '../text/strerror.ts';
import { refuseWrittenBelow } from './claims.ts';
import type { BlockDriver, ChildRequest, ChildRole, DriverContext, OpenFlags, Report } from './driver.ts';
import { driverNamed, probeDriver, protocolOf } from './drivers/index.ts';
import { takeNodeOptions } from './node-options.ts';
import { storageOf } from './node-storage.ts';
import type { BlockNode, DetectZeroes, NodeOrigin } from './node.ts';

/** What all nodes have in common that are opened together. */
export interface GraphOpening {
  readonly host: ConsoleHost;
  readonly objects: ObjectTable;
  readonly report: Report;
  readonly nodeNames: Set<string>;
}

/** What a node is opened as where no driver is named: by the protocol of its name, or by a look at its first bytes. */
export type Layer = 'format' | 'protocol';

export interface NodeRequest {
  readonly filename: string | null;
  readonly options: Options;
  readonly flags: OpenFlags;
  readonly layer: Layer;
}

/** The opening of one node, which is what its driver sees of the world. */
export class NodeOpening implements DriverContext {
  readonly host: ConsoleHost;
  readonly objects: ObjectTable;
  readonly options: Options;
  readonly flags: OpenFlags;
  readonly report: Report;
  readonly probe: ((storage: Storage) => BlockDriver) | null;
  /** Null until the first bytes of the file were looked at. */
  driver: BlockDriver | null;
  readonly #graph: GraphOpening;
  readonly #layer: Layer;
  /** The name of the file below a format; protocols have theirs among the options. */
  readonly #fileFilename: string | null;
  readonly #given: ReadonlyMap<string, OptionValue>;
  readonly #nodeName: string | null;
  readonly #isBackingIgnored: boolean;
  readonly #passesDiscards: boolean;
  readonly #detectZeroes: DetectZeroes;
  readonly #children: BlockNode[] = [];
  readonly #childNames = new Set<string>();
  #file: BlockNode | null = null;

  /** Finds out what is to be opened, without opening anything yet. @throws EngineError */
  static async begin(graph: GraphOpening, request: NodeRequest): Promise<NodeOpening> {
    const options: Options = new Map(request.options);
    let { filename, layer } = request;
    if (filename?.startsWith('json:') === true) {
      for (const [name, value] of parseJsonName(filename)) if (!options.has(name)) options.set(name, value);
      filename = null;
    }
    const name = options.get('driver');
    let driver = name === undefined ? null : driverNamed(textOf(name));
    if (driver !== null) layer = driver.kind === 'protocol' ? 'protocol' : 'format';
    if (layer === 'protocol') driver = await takeProtocol(graph.host, driver, filename, options);
    const ownFilename = layer === 'protocol' ? null : filename;
    return new NodeOpening(graph, { ...request, options, layer, filename: ownFilename }, driver);
  }

  private constructor(graph: GraphOpening, request: NodeRequest, driver: BlockDriver | null) {
    this.#graph = graph;
    this.host = graph.host;
    this.objects = graph.objects;
    this.report = graph.report;
    this.driver = driver;
    this.probe = driver === null ? probeDriver : null;
    this.options = request.options;
    this.#layer = request.layer;
    this.#fileFilename = request.filename;
    this.#given = new Map(request.options);
    this.options.delete('driver');
    const { nodeName, isReadOnly, ...given } = takeNodeOptions(this.options, graph.nodeNames);
    const isDirect = given.isDirect ?? request.flags.isDirect ?? leavesCacheOut(request.flags.cacheMode);
    const isShared = given.isShared ?? request.flags.isShared ?? false;
    this.flags = {
      ...request.flags,
      isDirect,
      isShared,
      writable: isReadOnly === null ? request.flags.writable : !isReadOnly,
    };
    this.#nodeName = nodeName;
    this.#isBackingIgnored = request.flags.withoutBacking === true;
    this.#passesDiscards = given.passesDiscards ?? request.flags.passesDiscards ?? true;
    this.#detectZeroes = given.detectZeroes;
    if (isShared && this.flags.writable) refuse('force-share=on can only be used with read-only images');
    if (this.#detectZeroes === 'unmap' && !this.#passesDiscards) {
      refuse('setting detect-zeroes to unmap is not allowed without setting discard operation to unmap');
    }
    // `backing` as null (in an option string: empty) leaves the backing file closed.
    if (this.options.has('backing') && textOf(this.options.get('backing')!) === '') {
      if (this.options.get('backing') === '') {
        graph.report('warning: Use of "backing": "" is deprecated; use "backing": null instead');
      }
      this.options.delete('backing');
      this.flags = { ...this.flags, withoutBacking: true };
    }
  }

  get origin(): NodeOrigin {
    const isOwn = ([name]: readonly [string, OptionValue]) =>
      ![...this.#childNames].some((child) => name === child || name.startsWith(`${child}.`));
    return {
      driver: this.driver!,
      nodeName: this.#nodeName,
      filename: textOf(this.#given.get('filename') ?? ''),
      options: new Map([...this.#given].filter(isOwn)),
      withoutBacking: this.#isBackingIgnored,
      passesDiscards: this.#passesDiscards,
      detectZeroes: this.#detectZeroes,
    };
  }

  open(): Promise<BlockNode> {
    return this.#openAs((driver) => driver.open(this));
  }

  /** Opens the file of an image as a check does, or the node where its driver knows no check. */
  async openToCheck(): Promise<{ readonly node: BlockNode; readonly isCheckable: boolean }> {
    const node = await this.#openAs((driver) => driver.openToCheck?.(this) ?? driver.open(this));
    const isCheckable = this.driver?.openToCheck !== undefined;
    // A check looks into no other file.
    if (isCheckable) for (const child of this.#children) if (child !== node) child.close();
    return { node, isCheckable };
  }

  async #openAs(open: (driver: BlockDriver) => Promise<BlockNode>): Promise<BlockNode> {
    let node: BlockNode | null = null;
    try {
      this.driver ??= await this.#probe();
      if (this.driver.needsFilename === true && textOf(this.options.get('filename') ?? '') === '') {
        refuse(`The '${this.driver.name}' block driver requires a file name`);
      }
      node = await open(this.driver);
      if (this.flags.withoutBacking !== true) refuseBacking(this.options);
      refuseLeftOver(this.driver, this.options);
      return node;
    } catch (error) {
      // A node closes its children with itself.
      if (node !== null) node.close();
      else for (const child of this.#children) child.close();
      if (!(error instanceof StepFailure)) throw error;
      throw new EngineError(error.code, `${error.step}: ${strerror(error)}`, { cause: error });
    }
  }

  async openFile(): Promise<BlockNode> {
    const file = this.#file ?? (await this.openChild('file', { role: 'image', filename: this.#fileFilename }));
    if (file === null) refuse('A block device must be specified for "file"');
    this.#file = file;
    // A look at the first bytes comes before it is known what is opened.
    if (this.driver?.hasMetadata === true) await refuseWrittenBelow(this.host.files, file);
    return file;
  }

  async openChild(name: string, { role, filename = null, format = null }: ChildRequest): Promise<BlockNode | null> {
    this.#childNames.add(name);
    const options = takeChild(this.options, name);
    const reference = takeOption(this.options, name);
    if (reference !== undefined) {
      refuseReference(reference, (role !== 'backing' && filename !== null) || options.size > 0);
    }
    if (filename === null && options.size === 0) return null;
    // What options say of the file takes the place of the name that an image has for its backing file.
    const isReplaced = role === 'backing' && options.has('file.filename');
    if (format !== null && !options.has('driver')) options.set('driver', format);
    const flags: OpenFlags = { ...this.flags, passesDiscards: true };
    const opening = await NodeOpening.begin(this.#graph, {
      filename: isReplaced ? null : filename,
      options,
      flags: role === 'backing' ? { ...flags, writable: false, withoutBacking: false, isJustMade: false } : flags,
      layer: layerOf(role, this.#layer),
    });
    const child = await opening.open();
    this.#children.push(child);
    if (this.flags.writable && role !== 'backing' && child.isReadOnly) {
      throw new EngineError('read-only', 'Block node is read-only');
    }
    return child;
  }

  async #probe(): Promise<BlockDriver> {
    const hasFile = this.#fileFilename !== null || [...this.options.keys()].some((name) => /^file(\.|$)/.test(name));
    if (!hasFile) refuse('Must specify either driver or file');
    const storage = storageOf(await this.openFile());
    return StepFailure.during('Could not read image for determining its format', () => probeDriver(storage));
  }
}

/** Finds the protocol of a file name, and puts options in the name's place. */
async function takeProtocol(
  host: ConsoleHost,
  named: BlockDriver | null,
  filename: string | null,
  options: Options,
): Promise<BlockDriver> {
  if (filename !== null) {
    if (options.has('filename')) refuse("Can't specify 'file' and 'filename' options at the same time");
    options.set('filename', filename);
  }
  const name = options.get('filename');
  if (named === null && name === undefined) refuse('Must specify either driver or file');
  const driver = named ?? (await protocolOf(host, textOf(name!), { prefixCounts: filename !== null }));
  options.set('driver', driver.name);
  if (filename !== null && driver.parseFilename !== undefined) {
    options.delete('filename');
    driver.parseFilename(filename, options);
  }
  return driver;
}

function leavesCacheOut(mode: CacheMode): boolean {
  return mode === 'none' || mode === 'directsync';
}

function layerOf(role: ChildRole, parent: Layer): Layer {
  if (role === 'filtered') return parent;
  return role === 'backing' || role === 'data' ? 'format' : 'protocol';
}

function refuseReference(reference: string, hasMore: boolean): never {
  if (hasMore) {
    refuse('Cannot reference an existing block device with additional options or a new filename');
  }
  // Every node belongs to the graph that is being opened, and to one parent in it.
  return refuse(`Cannot find device='${reference}' nor node-name='${reference}'`);
}

/** A driver with backing files has taken such options. @throws EngineError invalid-argument */
function refuseBacking(options: Options): void {
  if ([...options.keys()].some((name) => /^backing(\.|$)/.test(name))) refuse("Driver doesn't support backing files");
}

/** @throws EngineError invalid-argument for options that nobody took */
function refuseLeftOver({ kind, name: driver }: BlockDriver, options: Options): void {
  const [name] = inDictionaryOrder(options.keys());
  if (name === undefined) return;
  refuse(
    kind === 'protocol'
      ? `Block protocol '${driver}' doesn't support the option '${name}'`
      : `Block format '${driver}' does not support the option '${name}'`,
  );
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
