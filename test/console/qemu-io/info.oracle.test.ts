import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeAll(() => {
  const secret = ['--object', 'secret,id=s,data=x'];
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a.qcow2', '1M');
  host.real('qemu-img', 'create', '-q', '-f', 'raw', 'a.raw', '1M');
  host.real('qemu-img', 'create', '-q', '-f', 'luks', ...secret, '-o', 'key-secret=s,iter-time=10', 'a.luks', '1M');
});

describe('what qemu-io tells of an open disk', () => {
  it.each([
    'driver=qcow2,file.filename=a.qcow2',
    'driver=raw,file.filename=a.raw',
    'driver=file,filename=a.raw',
    'driver=blkdebug,image.filename=a.raw',
    'driver=luks,key-secret=s,file.filename=a.luks',
    'driver=null-co',
    'driver=raw,file.driver=null-co',
    'driver=quorum,vote-threshold=1,children.0.driver=qcow2,children.0.file.filename=a.qcow2',
  ])('is the same with %s', async (options) => {
    const args = ['--object', 'secret,id=s,data=x', '--image-opts', options];
    expect(await host.qemuIo(['info'], ...args)).toEqual(host.real('qemu-io', '-c', 'info', ...args));
  });

  it('is the same where it is opened to copy on read', async () => {
    expect(await host.qemuIo(['info'], '-C', 'a.qcow2')).toEqual(host.real('qemu-io', '-C', 'a.qcow2', '-c', 'info'));
  });
});
