import { readdirSync, readFileSync, realpathSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CodecPool, ConsoleHost, FileKind, FileStat } from '#console';
import { encodeName, type Pbkdf2Request } from '#engine';
import { claimsOn } from '../claims.ts';
import { engineErrorOf, NodeStorage } from '../file-storage.ts';
import { lookAt } from '../look-at.ts';

/**
 * The terminal as a console's host. Standard output is held back until a flush or the end, as C programs do into a pipe,
 * so that it stands behind what went to standard error meanwhile.
 */
export class TerminalHost implements ConsoleHost {
  #held: string[] = [];
  #lines: AsyncIterator<string> | null = null;
  #nextLine: Promise<IteratorResult<string>> | null = null;
  readonly codecs?: CodecPool;
  readonly connect?: NonNullable<ConsoleHost['connect']>;

  readonly files: ConsoleHost['files'] = {
    kindOf: (name) => Promise.resolve(kindOf(name)),
    claimsOn: (name) => attempt(() => claimsOn(name)),
    stat: (name) => Promise.resolve(statOf(name)),
    open: (name, mode) => attempt(() => new NodeStorage(name, mode)),
    create: (name) => attempt(() => new NodeStorage(name, 'create')),
    remove: (name) => attempt(() => rmSync(name)),
    readBytes: (name) => attempt(() => readFileSync(name)),
    realName: (name) => attempt(() => (kindOf(name) === null ? null : realpathSync(name))),
    complete: (prefix) => attempt(() => namesBeginning(prefix)),
  };

  /** What needs threads is there only if somebody brings it. */
  constructor({ codecs, connect }: Pick<ConsoleHost, 'codecs' | 'connect'> = {}) {
    if (codecs !== undefined) this.codecs = codecs;
    if (connect !== undefined) this.connect = connect;
  }

  writeOut(text: string): void {
    this.#held.push(text);
    if (this.#held.length > 1000) this.flushOut();
  }

  writeErr(text: string): void {
    writeAll(2, text);
  }

  flushOut(): void {
    const text = this.#held.join('');
    this.#held = [];
    if (text !== '') writeAll(1, text);
  }

  async readLine(): Promise<string | null> {
    const next = await this.#peekLine();
    this.#nextLine = null;
    return next.done === true ? null : next.value;
  }

  hasLine(): Promise<boolean> {
    return Promise.race([this.#peekLine().then(() => true), this.pause().then(() => false)]);
  }

  #peekLine(): Promise<IteratorResult<string>> {
    // Loaded when it is needed: most commands read no line, and each start would pay for it.
    const { createInterface } = process.getBuiltinModule('node:readline');
    this.#lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    return (this.#nextLine ??= this.#lines.next());
  }

  /** Not after `readLine`, which reads ahead. */
  readAll(): Promise<string> {
    return attempt(() => readFileSync(0, 'utf8'));
  }

  now(): number {
    return performance.timeOrigin + performance.now();
  }

  randomBytes(length: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(length));
  }

  pbkdf2({ hash, password, salt, iterations, length }: Pbkdf2Request): Promise<Uint8Array> {
    // Most runs of the programs derive no keys, and need not wait for the module.
    const { pbkdf2Sync } = process.getBuiltinModule('node:crypto');
    return Promise.resolve(pbkdf2Sync(password, salt, iterations, length, hash));
  }

  raise(signal: number): void {
    process.kill(process.pid, signal);
    // The signal arrives between two turns of the event loop; nothing may happen before.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function attempt<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(engineErrorOf(error));
  }
}

function kindOf(name: string): FileKind | null {
  const stat = lookAt(name);
  if (stat === null) return null;
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isCharacterDevice()) return 'character-device';
  return stat.isBlockDevice() ? 'block-device' : 'other';
}

function statOf(name: string): FileStat | null {
  const stat = lookAt(name);
  return stat === null ? null : { size: Number(stat.size), allocatedBytes: Number(stat.blocks) * 512 };
}

function namesBeginning(prefix: string): string[] {
  const folder = prefix.endsWith('/') ? prefix : dirname(prefix);
  const start = prefix.slice(prefix.lastIndexOf('/') + 1);
  const shown = prefix.slice(0, prefix.length - start.length);
  return readdirSync(folder)
    .filter((name) => name.startsWith(start))
    .map((name) => shown + name);
}

/** As shells tell it. */
const ENDED_BY_SIGPIPE = 128 + 13;

function writeAll(file: 1 | 2, text: string): void {
  // A name that is not UTF-8 goes out as the bytes that it has.
  const bytes = text.isWellFormed() ? Buffer.from(text) : encodeName(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(file, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever read it wants no more. Node ignores the signal by which other programs end then.
      if (code === 'EPIPE') process.exit(ENDED_BY_SIGPIPE);
      // A pipe whose reader is slow; it takes more in a moment.
      if (code === 'EAGAIN') continue;
      if (file === 1) writeAll(2, `Standard output cannot be written: ${engineErrorOf(error).message}\n`);
      process.exit(1);
    }
  }
}
