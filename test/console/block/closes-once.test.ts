import { expect, it } from 'vitest';
import { createImage, MemoryStorage } from '#engine';
import { MemoryHost } from '../memory-host.ts';

it.each([
  ['an option that no node has', 'driver=qcow2,file.filename=a,nonsense=1'],
  ['an option that no filter has', 'driver=copy-on-read,file.driver=qcow2,file.file.filename=a,nonsense=1'],
  ['an option that no quorum has', 'driver=quorum,vote-threshold=1,children.0.file.filename=a,nonsense=1'],
  ['an option that no raw node has', 'driver=raw,file.filename=a,nonsense=1'],
  ['a format that the file does not have', 'driver=luks,file.filename=a,key-secret=s'],
  ['an image without a backing file', 'driver=qcow2,file.filename=a,backing.file.filename=missing'],
])('closes each file once when the opening fails: %s', async (_name, options) => {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024 });
  const host = new MemoryHost();
  host.addFile('a', storage.toBytes());
  const openings: { closed: number }[] = [];
  const { open } = host.files;
  host.files.open = async (name, mode) => {
    const file = await open(name, mode);
    const opening = { closed: 0 };
    openings.push(opening);
    const close = file.close.bind(file);
    file.close = () => {
      opening.closed++;
      close();
    };
    return file;
  };
  const secret = ['--object', 'secret,id=s,data=hush'];
  expect(await host.qemuImg('info', ...secret, '--image-opts', options)).toMatchObject({ code: 1 });
  expect(openings.map(({ closed }) => closed)).toEqual(openings.map(() => 1));
  expect(openings).not.toEqual([]);
});
