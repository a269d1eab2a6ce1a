import { expect, it } from 'vitest';
import { EngineError } from '#engine';
import { CapturingHost } from '../capturing-host.ts';
import { MemoryHost } from '../memory-host.ts';

/** Ctrl+C is pressed while the program works; every look at the clock takes it a millisecond. */
class InterruptedHost extends CapturingHost {
  #now = 0;

  override now(): number {
    return (this.#now += 1);
  }

  override pause(): Promise<void> {
    return Promise.reject(new EngineError('cancelled', 'Interrupted.'));
  }
}

it('a long dump ends where it is interrupted', async () => {
  const before = new MemoryHost();
  await before.qemuImg('create', '-f', 'qcow2', 'image', '1M');
  const host = new InterruptedHost(before.files);
  await expect(host.qemuIo(['read -v 0 1M'], 'image')).rejects.toMatchObject({ code: 'cancelled' });
  const lines = host.stdout.split('\n');
  expect(lines[0]).toBe(`00000000:  ${'00 '.repeat(16)} ................`);
  expect(lines.length).toBeLessThan(65536 / 2);
});
