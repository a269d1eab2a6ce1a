import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../memory-host.ts';

/** A memory host in which nobody else claims anything, and the names that it was asked for. */
function askedHost() {
  const host = new MemoryHost();
  const asked: string[] = [];
  host.files.claimsOn = (name) => {
    asked.push(name);
    return Promise.resolve({ isWritten: false, isKept: false });
  };
  return { host, asked };
}

describe('what others claim', () => {
  it.each(['convert -O raw a b', 'convert -O qcow2 a b', 'dd -O raw if=a of=b', 'dd -O qcow2 if=a of=b'])(
    'is looked at before a target is made, and not once more to open it: %s',
    async (line) => {
      const { host, asked } = askedHost();
      await host.qemuImg('create', '-q', '-f', 'qcow2', 'a', '1M');
      host.addFile('b', 'what was there');
      asked.splice(0);
      expect((await host.qemuImg(...line.split(' '))).code).toBe(0);
      const makes = asked.filter((name) => name === 'b');
      // A target with metadata must also not be written to by others.
      expect(makes).toHaveLength(line.includes('qcow2') ? 2 : 1);
      expect(asked).toContain('a');
    },
  );

  it('is looked at where a target is there already, and of the backing file of a new one', async () => {
    const { host, asked } = askedHost();
    for (const name of ['a', 'b', 'base']) await host.qemuImg('create', '-q', '-f', 'qcow2', name, '1M');
    asked.splice(0);
    expect((await host.qemuImg('convert', '-n', '-O', 'qcow2', 'a', 'b')).code).toBe(0);
    expect(asked).toContain('b');
    asked.splice(0);
    expect((await host.qemuImg('convert', '-O', 'qcow2', '-B', 'base', '-F', 'qcow2', 'a', 'c')).code).toBe(0);
    expect(asked).toContain('base');
  });
});
