import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

beforeAll(() => {
  for (const line of [
    'create -q -f qcow2 a 1M',
    'create -q -f qcow2 -b a -F qcow2 over',
    'create -q -f qcow2 -o data_file=d.raw outside 1M',
    'create -q -f raw raw 1M',
    'create -q -f qcow2 --object secret,id=s,data=p -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 locked 1M',
  ]) {
    expect(host.real('qemu-img', ...line.split(' ')).stderr).toBe('');
  }
});

const QCOW2 = 'driver=qcow2,file.filename';

describe.each([[], ['-r', 'all']])(
  'check judges the options of an image as every other command does %s %s',
  (...mode) => {
    it.each([
      `${QCOW2}=a`,
      `${QCOW2}=a,bogus=1`,
      `${QCOW2}=a,l2-cache-size=1k`,
      `${QCOW2}=a,cache-size=1,l2-cache-size=1,refcount-cache-size=1`,
      `${QCOW2}=a,overlap-check=bogus`,
      `${QCOW2}=a,lazy-refcounts=maybe`,
      `${QCOW2}=a,read-only=on`,
      `${QCOW2}=a,file.bogus=1`,
      `${QCOW2}=a,backing=x`,
      `${QCOW2}=over,backing.bogus=1`,
      `${QCOW2}=over,backing.driver=raw`,
      `${QCOW2}=a,data-file=x`,
      `${QCOW2}=a,data-file.filename=raw`,
      `${QCOW2}=outside,data-file.filename=d.raw`,
      `${QCOW2}=a,encrypt.format=luks`,
      `${QCOW2}=locked`,
      `${QCOW2}=raw`,
      'filename=a',
      'driver=raw,file.filename=raw,bogus=1',
      'driver=raw,file.filename=raw,size=7',
      'file.filename=raw',
    ])('%s', async (options) => {
      const args = ['check', ...mode, '--image-opts', options];
      expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
    });
  },
);
