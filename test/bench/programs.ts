// Runs programs beside one another and says what each took.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one run took: milliseconds of wall time; where known, milliseconds of all processors and peak memory in MiB. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly stdout: string;
}

const GNU_TIME = '/usr/bin/time';
const notes = join(tmpdir(), `qcow2-workbench-bench-${process.pid}.time`);

/** Runs a program to its end. @throws Error when it fails */
export function runProgram(program: string, args: readonly string[]): Cost {
  const isTimed = existsSync(GNU_TIME);
  const command = isTimed ? [GNU_TIME, '-o', notes, '-f', '%U %S %M', program, ...args] : [program, ...args];
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command[0]!, command.slice(1), { maxBuffer: 1 << 30 });
  const wall = performance.now() - start;
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.toString()}`);
  const text = stdout.toString('latin1', 0, 4096);
  if (!isTimed) return { wall, cpu: null, memory: null, stdout: text };
  const [user, system, kibibytes] = readFileSync(notes, 'utf8').trim().split(' ').map(Number);
  rmSync(notes);
  return { wall, cpu: (user! + system!) * 1000, memory: kibibytes! / 1024, stdout: text };
}
