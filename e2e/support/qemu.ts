import { spawnSync } from 'node:child_process';
import { test } from '@playwright/test';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function qemuImg(...args: string[]): Outcome {
  return run('qemu-img', args);
}

/** Each command is a line of qemu-io, such as `write -P 0x11 0 64k`. */
export function qemuIo(image: string, ...commands: string[]): Outcome {
  return run('qemu-io', [...commands.flatMap((command) => ['-c', command]), image]);
}

/** As {@link qemuImg}, for steps that prepare: anything but success ends the test. */
export function mustQemuImg(...args: string[]): string {
  const { exitCode, stdout, stderr } = qemuImg(...args);
  if (exitCode !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

/** Skips only where the run was told that QEMU is missing on purpose; otherwise its absence is a failure. */
export function needsQemu(): void {
  const isMissing = spawnSync('qemu-img', ['--version']).error !== undefined;
  test.skip(isMissing && process.env['QCOW2_WORKBENCH_WITHOUT_QEMU'] === '1', 'no qemu-img here');
}

function run(program: string, args: string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  if (error) throw error;
  return { exitCode: status ?? -1, stdout, stderr };
}
