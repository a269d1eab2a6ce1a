import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../memory-host.ts';

async function run(...commands: string[]): Promise<{ lines: string[]; stderr: string; host: MemoryHost }> {
  const host = new MemoryHost();
  await host.qemuImg('create', '-f', 'qcow2', 'image', '1M');
  const { stdout, stderr } = await host.qemuIo(commands, 'blkdebug::image');
  // The figures depend on the clock; the first line of each request says enough.
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.includes(' ops; '));
  return { lines, stderr, host };
}

const SUSPENDED = "blkdebug: Suspended request 'A'";
const RESUMING = "blkdebug: Resuming request 'A'";
const wrote = (at: number) => `wrote 4096/4096 bytes at offset ${at}`;

describe('a breakpoint', () => {
  it('holds the request that comes to it, until it is resumed', async () => {
    const commands = ['break write_aio A', 'aio_write -P 1 0 4k', 'wait_break A', 'read -P 0 0 4k', 'resume A'];
    const { lines } = await run(...commands, 'aio_flush', 'read -P 1 0 4k');
    const read = 'read 4096/4096 bytes at offset 0';
    expect(lines).toEqual([SUSPENDED, read, RESUMING, wrote(0), read]);
  });

  it('lets writes into the same new cluster wait, and others pass', async () => {
    const submitted = ['aio_write -P 1 8k 4k', 'aio_write -P 2 0 4k', 'aio_write -P 3 64k 4k', 'aio_flush'];
    const { lines, host } = await run(
      'break write_aio A',
      ...submitted,
      'resume A',
      'aio_flush',
      'read -P 2 0 4k',
      'read -P 1 8k 4k',
    );
    expect(lines.slice(0, 5)).toEqual([SUSPENDED, wrote(65536), RESUMING, wrote(8192), wrote(0)]);
    expect(lines).not.toContainEqual(expect.stringContaining('failed'));
    expect((await host.qemuImg('check', 'image')).stdout).toMatch(/^No errors/);
  });

  it('keeps the clusters that its request had allocated', async () => {
    const { host } = await run('break write_aio A', 'aio_write 0 64k', 'write 64k 64k', 'resume A', 'aio_flush');
    const { stdout } = await host.qemuImg('map', '--output=json', 'image');
    const map = JSON.parse(stdout) as { start: number; offset?: number }[];
    expect(map[0]).toMatchObject({ start: 0, length: 2 * 65536, offset: 5 * 65536 });
  });

  it('overwrites what was written in place meanwhile', async () => {
    const { lines } = await run(
      'write 0 64k',
      'break write_aio A',
      'aio_write -P 1 0 4k',
      'write -P 2 0 4k',
      'resume A',
      'aio_flush',
      'read -P 1 0 4k',
    );
    expect(lines).not.toContainEqual(expect.stringContaining('failed'));
  });

  it('takes as many resumes as breakpoints hold the request', async () => {
    const breakpoints = ['break write_aio A', 'break write_aio B', 'aio_write 0 4k'];
    const { lines } = await run(...breakpoints, 'resume A', 'aio_flush', 'resume B', 'aio_flush');
    const [suspendedB, resumingB] = [SUSPENDED, RESUMING].map((line) => line.replace("'A'", "'B'"));
    expect(lines).toEqual([suspendedB, SUSPENDED, RESUMING, resumingB, wrote(0)]);
  });

  it('lets go at the close what nobody resumed', async () => {
    const { lines, host } = await run('break write_aio A', 'aio_write -P 7 0 4k');
    expect(lines).toEqual([SUSPENDED, RESUMING, wrote(0)]);
    expect((await host.qemuIo(['read -P 7 0 4k'], 'image')).stdout).not.toContain('failed');
  });

  it('refuses what would wait for ever', async () => {
    const { stderr } = await run('break write_aio A', 'write 0 4k', 'wait_break B');
    expect(stderr).toBe(
      "qemu-io: A request was suspended as 'A'. Only requests of aio_read and aio_write can wait to be resumed.\n" +
        "qemu-io: No request is suspended as 'B', and none is on its way there.\n",
    );
  });

  it('says what it cannot do, as QEMU does', async () => {
    const { lines } = await run('break nothing A', 'resume A', 'remove_break A');
    expect(lines).toEqual([
      'Could not set breakpoint: No such file or directory',
      'Could not resume request: No such file or directory',
      'Could not remove breakpoint A: No such file or directory',
    ]);
  });
});
