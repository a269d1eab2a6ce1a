import { expect, it } from 'vitest';
import { createImage, MemoryStorage } from '#engine';
import { MemoryHost } from '../memory-host.ts';

// A file stays locked to the other programs of a page as long as somebody has it open.
it.each([
  ['a snapshot that is not there', ['-l', 'missing', 'a', 'b']],
  ['another source that is not there', ['a', 'missing', 'b']],
  ['a snapshot of two images', ['-l', 'one', 'a', 'a2', 'b']],
])('closes the sources that it has opened: %s', async (_name, args) => {
  const host = new MemoryHost();
  const closed: string[] = [];
  for (const name of ['a', 'a2']) {
    const storage = new MemoryStorage();
    createImage(storage, { size: 1024 * 1024 });
    host.addFile(name, storage.toBytes());
  }
  const { open } = host.files;
  const opened: string[] = [];
  host.files.open = async (name, mode) => {
    const storage = await open(name, mode);
    opened.push(name);
    const close = storage.close.bind(storage);
    storage.close = () => {
      closed.push(name);
      close();
    };
    return storage;
  };
  expect(await host.qemuImg('convert', ...args)).toMatchObject({ code: 1 });
  expect(opened.length).toBeGreaterThan(0);
  expect(closed.sort()).toEqual(opened.sort());
});
