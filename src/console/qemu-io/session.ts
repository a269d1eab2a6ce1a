import { createImage, EngineError, isEngineError, MemoryStorage, openImage, type CacheMode } from '#engine';
import { CopyingTop } from '../block/copy-on-read-node.ts';
import { FILE } from '../block/drivers/file.ts';
import { QCOW2 } from '../block/drivers/qcow2.ts';
import type { OpenFlags, Report } from '../block/driver.ts';
import { corruptionNews } from '../block/errors.ts';
import { sourceOf } from '../block/guest-source.ts';
import { imageNodeOf } from '../block/layers.ts';
import { openBlock } from '../block/open.ts';
import type { BlockNode } from '../block/node.ts';
import { FileNode } from '../block/file-node.ts';
import { Qcow2Node } from '../block/qcow2-node.ts';
import { judgeReopen } from '../block/reopen.ts';
import type { ConsoleHost } from '../host.ts';
import { paceOf } from '../pace.ts';
import { AioRequests, type Access } from './aio-requests.ts';
import type { Outcome } from './outcome.ts';
import type { ObjectTable } from '../options/object-table.ts';
import type { Options } from '../options/options.ts';

export interface IoOpen {
  readonly filename: string | null;
  readonly options: Options;
  readonly writable: boolean;
  readonly cacheMode: CacheMode;
  readonly aio: string;
  readonly passesDiscards: boolean;
  /** Writes go to a temporary overlay. */
  readonly snapshot: boolean;
  /** What is read from the backing file is kept. */
  readonly copyOnRead: boolean;
}

/** What a run of qemu-io has open, and how. */
export class IoSession {
  readonly host: ConsoleHost;
  /** Options are given as `--image-opts`, so `open` takes its argument as such too. */
  readonly imageOptions: boolean;
  /** What `--object` defined. */
  readonly objects: ObjectTable;
  node: BlockNode | null = null;
  #requests: AioRequests | null = null;
  opened: IoOpen | null = null;
  hasQuit = false;

  constructor(
    host: ConsoleHost,
    { imageOptions, objects }: { readonly imageOptions: boolean; readonly objects: ObjectTable },
  ) {
    this.host = host;
    this.imageOptions = imageOptions;
    this.objects = objects;
  }

  print(text: string): void {
    this.host.writeOut(text);
  }

  complain(message: string): void {
    this.host.writeErr(`qemu-io: ${message}\n`);
  }

  /** What QEMU says on standard error when an access finds the image contradicting itself. */
  reportCorruption(error: EngineError): void {
    for (const line of corruptionNews(error)) this.host.writeErr(`${line}\n`);
  }

  /** Opens; on failure says why and returns false. */
  async open(request: IoOpen): Promise<boolean> {
    if (this.node !== null) {
      this.complain("file open already, try 'help close'");
      return false;
    }
    try {
      await this.#openAs(request);
      return true;
    } catch (error) {
      if (!isEngineError(error)) throw error;
      this.complain(`can't open${request.filename === null ? '' : ` device ${request.filename}`}: ${error.message}`);
      if (error.hint !== null) this.host.writeErr(`${error.hint}\n`);
      return false;
    }
  }

  /** Closes and opens again with other options; an image that cannot be opened so is opened as it was. */
  async reopen(changes: Pick<IoOpen, 'writable' | 'cacheMode' | 'options'>): Promise<void> {
    const before = this.opened!;
    const options = joinOptions(before.options, changes.options);
    // Judged before anything is closed: options that are refused change nothing.
    judgeReopen(this.disk, changes.options, options);
    this.close();
    try {
      await this.#openAs({ ...before, ...changes, options }, { isReopened: true });
    } catch (error) {
      await this.#openAs(before, { isReopened: true });
      throw error;
    }
  }

  close(): void {
    this.#requests?.finish();
    const node = this.node;
    this.node = null;
    this.#requests = null;
    this.opened = null;
    node?.close();
  }

  /** The open node. */
  get disk(): BlockNode {
    if (this.node === null) throw new EngineError('closed', 'No file is open.');
    return this.node;
  }

  /** Whether the open image found itself corrupt: QEMU then has no medium any more. */
  get isOutOfService(): boolean {
    return imageNodeOf(this.disk).image?.isMarkedCorrupt === true;
  }

  /** The asynchronous requests to the open node. */
  get requests(): AioRequests {
    if (this.#requests === null) throw new EngineError('closed', 'No file is open.');
    return this.#requests;
  }

  /** Carries out a request that the command waits for, and prints what became of it. @throws EngineError cancelled */
  async perform(access: Access, work: () => Outcome): Promise<boolean> {
    if (this.requests.mustWait(access)) {
      this.complain('The request would wait for one that is suspended; resume that first.');
      return false;
    }
    const { text, succeeded } = work();
    // A request beyond the end of the disk fails at once, and waits for nothing.
    if (access.at + access.length <= this.disk.length) this.requests.tellOfQuick();
    const pace = paceOf(this.host);
    for (const part of text) {
      this.print(part);
      await pace();
    }
    return succeeded;
  }

  async #openAs(request: IoOpen, how: Pick<OpenFlags, 'isReopened'> = {}): Promise<void> {
    this.node = await this.#openNode(request, how);
    this.#requests = new AioRequests(this.node, (text) => this.print(text));
    this.opened = request;
  }

  async #openNode(request: IoOpen, how: Pick<OpenFlags, 'isReopened'>): Promise<BlockNode> {
    const { filename, options, writable, cacheMode, aio, passesDiscards, snapshot, copyOnRead } = request;
    const flags = { writable: writable && !snapshot, cacheMode, aio, passesDiscards, ...how };
    const report: Report = (message) => this.complain(message);
    const node = await openBlock(this.host, { filename, options, flags, objects: this.objects, report });
    if (snapshot) return overlayOf(node, request, report);
    if (!copyOnRead) return node;
    if (!node.isReadOnly) return new CopyingTop(node);
    node.close();
    throw new EngineError('read-only', "Can't use copy-on-read on read-only device");
  }
}

/** Options given together: a new one of the group takes the place of all old ones. */
const OPTION_GROUPS = [
  ['overlap-check', 'overlap-check.template'],
  ['cache-size', 'l2-cache-size', 'refcount-cache-size'],
];

function joinOptions(before: Options, changes: Options): Options {
  const joined: Options = new Map(before);
  for (const group of OPTION_GROUPS) {
    if (group.some((name) => changes.has(name))) for (const name of group) joined.delete(name);
  }
  for (const [name, value] of changes) joined.set(name, value);
  return joined;
}

/** A temporary overlay in memory: writes go there, and are gone when it is closed. */
function overlayOf(below: BlockNode, request: IoOpen, report: Report): BlockNode {
  const { writable, cacheMode, passesDiscards } = request;
  const storage = new MemoryStorage();
  createImage(storage, { size: below.length, backingFile: below.filename, backingFormat: below.driver });
  const image = openImage(storage, { writable, cacheMode, backing: sourceOf(below) });
  const origin = {
    nodeName: null,
    filename: below.filename,
    options: new Map(),
    withoutBacking: false,
    passesDiscards,
    detectZeroes: 'off',
  } as const;
  const file = new FileNode({ ...origin, driver: FILE }, storage);
  const parts = { image, file, dataFile: null, backing: below, impliedBacking: below.filename, report };
  return new Qcow2Node({ origin: { ...origin, driver: QCOW2 }, ...parts });
}
