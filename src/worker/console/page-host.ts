import { isIgnored, KilledBySignal, type CodecPool, type ShellHost } from '#console';
import { EngineError, type Pbkdf2Request } from '#engine';
import type { ConsoleEvent, ConsoleText } from '#protocol';
import { Turns } from '#rpc';
import { derive } from '../derive.ts';
import type { LibraryFiles } from './library-files.ts';

/** How long a program may run before other requests get their turn. */
const SLICE_MS = 8;
/** What is printed may wait this long for more of it: two frames of the page, which takes longer to show two pieces than one. */
const HELD_MS = 32;
/** Characters that are sent at once, however soon. */
const HELD_MAX = 16 * 1024;

export interface PageHostOptions {
  readonly files: LibraryFiles;
  readonly codecs: CodecPool;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  readonly send: (event: ConsoleEvent) => void;
}

/** The page as the host of a command line: output goes there as it comes, input lines come from there. */
export class PageHost implements ShellHost {
  readonly files: LibraryFiles;
  readonly codecs: CodecPool;
  readonly #signal: AbortSignal;
  readonly #send: (event: ConsoleEvent) => void;
  readonly #turns = new Turns();
  #sliceEnd = performance.now() + SLICE_MS;
  #held: ConsoleText[] = [];
  #heldLength = 0;
  #heldSince = 0;
  #takeLine: ((line: string | null) => void) | null = null;

  constructor({ files, codecs, signal, send }: PageHostOptions) {
    this.files = files;
    this.codecs = codecs;
    this.#signal = signal;
    this.#send = send;
  }

  get isInterrupted(): boolean {
    return this.#signal.aborted;
  }

  writeOut(text: string): void {
    this.#write({ stream: 'out', text });
  }

  writeErr(text: string): void {
    this.#write({ stream: 'err', text });
  }

  /** What the console itself has to say. */
  note(text: string): void {
    this.#write({ stream: 'note', text });
  }

  flushOut(): void {
    const texts = this.takeHeld();
    if (texts.length > 0) this.#send({ kind: 'text', texts });
  }

  /** What was printed and not sent; it will not be. */
  takeHeld(): readonly ConsoleText[] {
    const texts = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    return texts;
  }

  readLine(): Promise<string | null> {
    this.flushOut();
    return this.#untilInterrupted<string | null>((resolve) => {
      this.#takeLine = resolve;
      this.#send({ kind: 'wants-line' });
      return () => (this.#takeLine = null);
    });
  }

  async readAll(): Promise<string> {
    let text = '';
    for (let line = await this.readLine(); line !== null; line = await this.readLine()) text += `${line}\n`;
    return text;
  }

  /** Answers the program that waits for a line. */
  input(line: string | null): void {
    if (this.#takeLine === null) throw new EngineError('invalid-argument', 'No program waits for input.');
    this.#takeLine(line);
  }

  now(): number {
    return performance.timeOrigin + performance.now();
  }

  pbkdf2(request: Pbkdf2Request): Promise<Uint8Array> {
    return derive(request);
  }

  randomBytes(length: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(length));
  }

  raise(signal: number): void {
    if (!isIgnored(signal)) throw new KilledBySignal(signal);
  }

  async sleep(milliseconds: number): Promise<void> {
    this.flushOut();
    await this.#untilInterrupted<null>((resolve) => {
      const timer = setTimeout(() => resolve(null), milliseconds);
      return () => clearTimeout(timer);
    });
  }

  async pause(): Promise<void> {
    const now = performance.now();
    if (now >= this.#sliceEnd) {
      if (now >= this.#heldSince + HELD_MS) this.flushOut();
      await this.#turns.next();
      this.#sliceEnd = performance.now() + SLICE_MS;
    }
    if (this.#signal.aborted) throw interrupted();
  }

  async endProgram(): Promise<void> {
    this.files.releaseAll();
    await this.files.grantNamedBackings();
  }

  /** Ends the host itself; nothing of it may be used after. What nobody took goes out now. */
  close(): void {
    this.flushOut();
    this.#turns.close();
  }

  /** Waits for what `start` begins; `start` returns how to clean up after it, which Ctrl+C does too. */
  async #untilInterrupted<T>(start: (resolve: (value: T) => void) => () => void): Promise<T> {
    if (this.#signal.aborted) throw interrupted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onAbort = () => reject(interrupted());
    this.#signal.addEventListener('abort', onAbort);
    const cleanUp = start(resolve);
    try {
      return await promise;
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
      cleanUp();
    }
  }

  #write(part: ConsoleText): void {
    if (this.#signal.aborted || part.text === '') return;
    if (this.#held.length === 0) this.#heldSince = performance.now();
    const last = this.#held.at(-1);
    if (last?.stream === part.stream) this.#held[this.#held.length - 1] = { ...last, text: last.text + part.text };
    else this.#held.push(part);
    this.#heldLength += part.text.length;
    if (this.#heldLength > HELD_MAX) this.flushOut();
  }
}

function interrupted(): EngineError {
  return new EngineError('cancelled', 'Interrupted.');
}
