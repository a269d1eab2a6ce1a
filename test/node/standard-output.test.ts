import { spawnSync, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scratch } from '../tools/qemu.ts';
import { bundled } from '../tools/bundled.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
let program: string;
beforeAll(async () => {
  program = await bundled('src/node/cli/qemu-img.ts', scratch.path('program'));
});

function help(stdio: StdioOptions) {
  const { status, stderr } = spawnSync(process.execPath, [program, '--help'], { stdio, encoding: 'utf8' });
  return { status, stderr };
}

it('that is full is told in a line', () => {
  const full = openSync('/dev/full', 'w');
  expect(help(['ignore', full, 'pipe'])).toEqual({
    status: 1,
    stderr: 'Standard output cannot be written: No space left on device\n',
  });
  closeSync(full);
});

it('that nobody reads any more ends the program as the signal would', () => {
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', '"$0" "$1" --help | true; exit ${PIPESTATUS[0]}', process.execPath, program],
    { encoding: 'utf8' },
  );
  // Whether the reader is gone already is a race; a broken pipe ends the program quietly, with no trace.
  expect([0, 141]).toContain(status);
  expect(stderr).toBe('');
});
