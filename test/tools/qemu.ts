import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStorage } from '#engine';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 + signal number for a process that died by a signal, as a shell counts. */
  readonly code: number;
}

/** Runs the real `qemu-img`, the judge of everything here. */
export function qemuImg(...args: string[]): Ran {
  return runReal('qemu-img', args);
}

/** Runs the real `qemu-io` on an image, one `-c` a command. */
export function qemuIo(file: string, commands: readonly string[], options: readonly string[] = []): Ran {
  return runReal('qemu-io', [...options, ...commands.flatMap((command) => ['-c', command]), file]);
}

/** QEMU times its key derivation by the CPU's clock, which is too coarse on some virtual machines, now and then. */
const CLOCK_TOO_COARSE = 'Unable to get accurate CPU usage';
const TRIES_MAX = 40;

/** Runs a real program, again if it could not make a key for want of a clock: that is no answer. */
export function runReal(program: 'qemu-img' | 'qemu-io', args: readonly string[], cwd?: string): Ran {
  for (let tries = 1; ; tries++) {
    const options = { cwd, encoding: 'utf8', maxBuffer: 1 << 28 } as const;
    const { stdout, stderr, status, signal, error } = spawnSync(program, args, options);
    if (error) throw error;
    if (stderr.includes(CLOCK_TOO_COARSE) && tries < TRIES_MAX) continue;
    return { stdout, stderr, code: status ?? 128 + (signal === 'SIGABRT' ? 6 : 9) };
  }
}

/** A folder of its own for a test's image files; `remove` when done. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-'));

  path(name: string): string {
    return join(this.folder, name);
  }

  /** An image file made by the real `qemu-img create`. */
  create(name: string, size: string, options = '', ...args: string[]): string {
    const file = this.path(name);
    const ran = qemuImg('create', '-q', '-f', 'qcow2', ...(options === '' ? [] : ['-o', options]), ...args, file, size);
    if (ran.code !== 0) throw new Error(`qemu-img create failed: ${ran.stderr}`);
    return file;
  }

  save(name: string, storage: MemoryStorage): string {
    const file = this.path(name);
    writeFileSync(file, storage.toBytes());
    return file;
  }

  load(file: string): MemoryStorage {
    return MemoryStorage.from(readFileSync(file));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
