import { Suspension, type DebugEvent } from '#engine';
import { BlkdebugNode } from '../block/blkdebug/blkdebug-node.ts';
import type { BlkdebugRules } from '../block/blkdebug/rules.ts';
import type { BlockNode } from '../block/node.ts';
import type { Outcome } from './outcome.ts';

/** A range of the disk that somebody reads or writes. */
export interface Access {
  readonly at: number;
  readonly length: number;
  readonly writes: boolean;
}

export interface AioRequest extends Access {
  /** Carries the request out. @throws Suspension at a breakpoint */
  run(): Outcome;
}

interface Suspended {
  readonly request: AioRequest;
  readonly suspension: Suspension;
  /** Breakpoints that still hold it. */
  readonly tags: string[];
}

/** What became of a request, until somebody waits for it. */
interface News {
  readonly request: AioRequest;
  readonly outcome: Outcome;
}

/** At other events QEMU's qcow2 holds its lock, so that every other request waits. */
const UNLOCKED_EVENTS: ReadonlySet<DebugEvent> = new Set([
  'read_aio',
  'read_backing_aio',
  'read_compressed',
  'write_aio',
  'write_compressed',
  'cow_read',
  'cow_write',
  'cluster_alloc_space',
]);

/**
 * The asynchronous requests of a session. The engine is synchronous, so a request is done as soon as it is submitted,
 * unless it meets a breakpoint: then it is kept until it may go on, and carried out anew. Meanwhile those wait that QEMU
 * lets wait: writes into clusters that the suspended one is about to map. What became of requests is told when somebody
 * waits for them.
 */
export class AioRequests {
  readonly #print: (text: string) => void;
  readonly #rules: BlkdebugRules | null;
  /** The latest first, as QEMU looks for a tag. */
  #suspended: Suspended[] = [];
  #waiting: AioRequest[] = [];
  #news: News[] = [];

  constructor(node: BlockNode, print: (text: string) => void) {
    this.#print = print;
    this.#rules = rulesBelow(node);
  }

  /** Whether the node can stop requests at all. */
  get hasBreakpoints(): boolean {
    return this.#rules !== null;
  }

  get suspendedCount(): number {
    return this.#suspended.length;
  }

  submit(request: AioRequest): void {
    if (this.mustWait(request)) this.#waiting.push(request);
    else this.#attempt(request);
  }

  /** Whether an access has to wait until a suspended request went on. */
  mustWait(access: Access): boolean {
    return this.#suspended.some(({ suspension }) => {
      if (!UNLOCKED_EVENTS.has(suspension.event)) return true;
      return access.writes && suspension.inFlight.some((range) => overlap(range, access));
    });
  }

  isSuspended(tag: string): boolean {
    return this.#suspended.some(({ tags }) => tags.includes(tag));
  }

  addBreakpoint(event: DebugEvent, tag: string): void {
    this.#rules?.addBreakpoint(event, tag);
  }

  /** Also lets requests go that it holds already; returns whether there was a breakpoint that held nobody. */
  removeBreakpoint(tag: string): boolean {
    const hasRemoved = this.#rules?.removeBreakpoints(tag) ?? false;
    while (this.resume(tag));
    return hasRemoved;
  }

  /** Lets the latest request go that is suspended under the tag; false if none is. */
  resume(tag: string): boolean {
    const found = this.#suspended.find(({ tags }) => tags.includes(tag));
    if (found === undefined) return false;
    this.#print(`blkdebug: Resuming request '${tag}'\n`);
    found.tags.splice(found.tags.indexOf(tag), 1);
    if (found.tags.length > 0) return true;
    this.#suspended = this.#suspended.filter((other) => other !== found);
    found.suspension.release();
    this.#rules!.replay(found.suspension.event, () => this.#attempt(found.request));
    this.#wake();
    return true;
  }

  /** Whether something became of a request that nobody was told of. */
  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** Tells what became of the requests that are done. */
  tell(): void {
    for (const { outcome } of this.#news.splice(0)) for (const part of outcome.text) this.#print(part);
  }

  /**
   * As {@link tell}, by somebody who waits for the disk but not for the requests: data that is being written takes longer
   * than that, as it does in QEMU.
   */
  tellOfQuick(): void {
    const isSlow = ({ request, outcome }: News) => request.writes && request.length > 0 && outcome.succeeded;
    const slow = this.#news.filter(isSlow);
    this.#news = this.#news.filter((news) => !isSlow(news));
    this.tell();
    this.#news = slow;
  }

  /** Lets everything go and tells what became of it; before the disk is closed. */
  finish(): void {
    this.#rules?.removeBreakpoints(null);
    for (let next = this.#suspended[0]; next !== undefined; next = this.#suspended[0]) this.resume(next.tags[0]!);
    this.tell();
  }

  #attempt(request: AioRequest): void {
    try {
      this.#news.push({ request, outcome: request.run() });
    } catch (error) {
      if (!(error instanceof Suspension)) throw error;
      for (const tag of error.tags) this.#print(`blkdebug: Suspended request '${tag}'\n`);
      this.#suspended.unshift({ request, suspension: error, tags: [...error.tags] });
    }
  }

  #wake(): void {
    for (const request of this.#waiting.splice(0)) this.submit(request);
  }
}

function overlap(range: { at: number; length: number }, { at, length }: Access): boolean {
  return at < range.at + range.length && range.at < at + length;
}

/** The rules of the first blkdebug node on the way down to the file. */
function rulesBelow(node: BlockNode): BlkdebugRules | null {
  for (let below: BlockNode | null = node; below !== null; below = below.file) {
    if (below instanceof BlkdebugNode) return below.rules;
  }
  return null;
}
