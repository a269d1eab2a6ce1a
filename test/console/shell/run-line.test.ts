import { describe, expect, it } from 'vitest';
import { KilledBySignal, runLine, type ShellHost } from '#console';
import { MemoryHost } from '../memory-host.ts';

/** A memory host with a shell over it. */
class ShellOverMemory extends MemoryHost implements ShellHost {
  isInterrupted = false;
  endedPrograms = 0;

  endProgram(): Promise<void> {
    this.endedPrograms++;
    return Promise.resolve();
  }

  override raise(signal: number): never {
    throw new KilledBySignal(signal);
  }
}

async function run(line: string, host = new ShellOverMemory()) {
  const exitCode = await runLine(host, line);
  return { exitCode, stdout: host.stdout, stderr: host.stderr };
}

describe('a line of the console', () => {
  it('runs a program with its words, quotes taken off', async () => {
    const host = new ShellOverMemory();
    expect((await run(`qemu-img create -q -f qcow2 'a b'"'s".qcow2 1M`, host)).exitCode).toBe(0);
    expect([...host.storages.keys()]).toEqual(["a b's.qcow2"]);
    expect(host.endedPrograms).toBe(1);
  });

  it('lets what a command printed be seen while the next works', async () => {
    const seen: string[] = [];
    class HoldingShell extends ShellOverMemory {
      override flushOut(): void {
        seen.push(this.stdout);
      }
    }
    await run('ls nothing; qemu-img --version; ls', new HoldingShell());
    expect(seen.at(-1)).toContain('qemu-img version');
  });

  it.each([
    ['ls nothing; ls', 0],
    ['ls nothing && ls', 2],
    ['ls nothing || ls', 0],
    ['ls || ls nothing', 0],
    ['ls && ls nothing || ls', 0],
    ['ls;', 0],
    ['', 0],
    ['# only a comment', 0],
    ['$ ls', 0],
    ['nothing', 127],
    ['ls | ls', 2],
    ['ls > file', 2],
    ['ls &&', 2],
    ["ls 'open", 2],
  ])('%s ends with %i', async (line, exitCode) => {
    expect((await run(line)).exitCode).toBe(exitCode);
  });

  it('says why nothing was run', async () => {
    const host = new ShellOverMemory();
    expect((await run('qemu-img create a.raw 1k; ls | ls', host)).stderr).toMatch(/^console: '\|' is not known here/);
    expect(host.storages.size).toBe(0);
  });

  it('goes on after a program that a signal killed, as a shell does', async () => {
    const { exitCode, stderr } = await run("qemu-io -c 'sigraise 9'; qemu-io -c abort");
    expect(stderr).toBe('Killed\nAborted\n');
    expect(exitCode).toBe(134);
  });

  it('starts nothing more after Ctrl+C', async () => {
    const host = new ShellOverMemory();
    host.isInterrupted = true;
    expect((await run('qemu-img create a.raw 1k', host)).exitCode).toBe(130);
    expect(host.storages.size).toBe(0);
  });

  it('lists files as a shell would take them', async () => {
    const host = new ShellOverMemory();
    host.addFile('a.raw', 'x'.repeat(1000));
    host.addFile('b c', 'y');
    expect((await run('ls -l', host)).stdout).toBe("1000 a.raw\n   1 'b c'\n");
  });
});
