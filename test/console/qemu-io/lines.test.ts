import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../memory-host.ts';

/** The first lines of what requests print; their figures depend on the clock. */
async function run(host: MemoryHost, ...lines: string[]): Promise<string[]> {
  await host.qemuImg('create', '-f', 'qcow2', 'image', '1M');
  host.input = lines;
  const { stdout } = await host.qemuIo([], 'image');
  return stdout
    .replaceAll('qemu-io> ', '')
    .split('\n')
    .filter((line) => line !== '' && !line.includes(' ops; '));
}

const wrote = 'wrote 4096/4096 bytes at offset 0';

describe('lines on standard input', () => {
  it('are taken before the outcome of a request, where they are there already', async () => {
    expect(await run(new MemoryHost(), 'aio_write 0 4k', 'length', 'aio_flush', 'length')).toEqual([
      '1 MiB',
      wrote,
      '1 MiB',
    ]);
  });

  it('are asked for also where no file is open', async () => {
    const host = new MemoryHost();
    host.input = ['length', 'length', 'q'];
    const { code, stderr } = await host.qemuIo([]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "no file open, try 'help open'\n".repeat(2) });
  });

  it('come after it where they have to be waited for', async () => {
    const host = new MemoryHost();
    host.hasLine = () => Promise.resolve(false);
    expect(await run(host, 'aio_write 0 4k', 'length')).toEqual([wrote, '1 MiB']);
  });
});
