import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { ConsoleFiles } from '#console';
import { TerminalHost } from '../../src/node/cli/host.ts';
import { runReal } from '../tools/qemu.ts';
import { CapturingHost, type ConsoleRun } from './capturing-host.ts';

/** A console's host that works in a folder of its own, in which the real tools can be run too. */
export class FolderHost extends CapturingHost {
  readonly folder: string;

  constructor(parent = tmpdir()) {
    const folder = mkdtempSync(join(parent, 'qcow2-workbench-'));
    super(filesIn(folder));
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** The real program, with the same arguments. */
  real(program: 'qemu-img' | 'qemu-io', ...args: string[]): ConsoleRun {
    return runReal(program, args, this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function filesIn(folder: string): ConsoleFiles {
  const { files } = new TerminalHost();
  const within = (name: string) => (isAbsolute(name) ? name : join(folder, name));
  return {
    kindOf: (name) => files.kindOf(within(name)),
    claimsOn: (name) => files.claimsOn!(within(name)),
    stat: (name) => files.stat(within(name)),
    open: (name, mode) => files.open(within(name), mode),
    create: (name) => files.create(within(name)),
    remove: (name) => files.remove(within(name)),
    readBytes: (name) => files.readBytes(within(name)),
    realName: (name) => files.realName(within(name)),
    complete: (prefix) => files.complete(within(prefix)),
  };
}

/** What is printed without the figures of speed, which differ from run to run. */
export function withoutTimes({ stdout, stderr, code }: ConsoleRun): ConsoleRun {
  return { stdout: stdout.replace(/; [\d:.]+ (sec )?\(.*\)$/gm, ''), stderr, code };
}
