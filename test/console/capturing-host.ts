import { pbkdf2InScript, type Pbkdf2Request } from '#engine';
import { qcow2Py, qemuImg, qemuIo, type ConsoleFiles, type ConsoleHost } from '#console';

export interface ConsoleRun {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 + signal number after a signal, as a shell counts. */
  readonly code: number;
}

/**
 * A console's host that keeps what programs print. The clock only moves where keys are derived, random bytes count up:
 * output depends on nothing but the input and the files, which are somebody else's.
 */
export class CapturingHost implements ConsoleHost {
  readonly files: ConsoleFiles;
  /** Reaches other programs, where a test has any. */
  connect?: NonNullable<ConsoleHost['connect']>;
  /** Lines for standard input. */
  input: string[] = [];
  stdout = '';
  stderr = '';
  #nextRandom = 0;
  #now = 0;

  constructor(files: ConsoleFiles) {
    this.files = files;
  }

  qemuImg(...args: string[]): Promise<ConsoleRun> {
    return this.#run(() => qemuImg(this, args));
  }

  /** One `-c` a command, before the arguments. */
  qemuIo(commands: readonly string[], ...args: string[]): Promise<ConsoleRun> {
    return this.#run(() => qemuIo(this, [...commands.flatMap((command) => ['-c', command]), ...args]));
  }

  qcow2Py(...args: string[]): Promise<ConsoleRun> {
    return this.#run(() => qcow2Py(this, args));
  }

  writeOut(text: string): void {
    this.stdout += text;
  }

  writeErr(text: string): void {
    this.stderr += text;
  }

  flushOut(): void {
    // Nothing is held back.
  }

  readLine(): Promise<string | null> {
    return Promise.resolve(this.input.shift() ?? null);
  }

  hasLine(): Promise<boolean> {
    return Promise.resolve(true);
  }

  readAll(): Promise<string> {
    return Promise.resolve(
      this.input
        .splice(0)
        .map((line) => `${line}\n`)
        .join(''),
    );
  }

  now(): number {
    return this.#now;
  }

  /** As if by a machine that makes a hundred rounds a millisecond. */
  pbkdf2(request: Pbkdf2Request): Promise<Uint8Array> {
    this.#now += request.iterations / 100;
    return Promise.resolve(pbkdf2InScript(request));
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#nextRandom++);
  }

  raise(signal: number): never {
    throw new Killed(signal);
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  async #run(program: () => Promise<number>): Promise<ConsoleRun> {
    this.stdout = '';
    this.stderr = '';
    let code: number;
    try {
      code = await program();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      code = 128 + error.signal;
    }
    return { stdout: this.stdout, stderr: this.stderr, code };
  }
}

/** The end of a program by a signal. */
class Killed extends Error {
  readonly signal: number;

  constructor(signal: number) {
    super(`killed by signal ${signal}`);
    this.signal = signal;
  }
}
