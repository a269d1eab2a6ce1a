import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeAll(() => {
  const format = ['-f', 'luks', '-o', 'key-secret=s,iter-time=10'];
  host.real('qemu-img', 'create', '-q', '--object', 'secret,id=s,data=secret', ...format, 'a.luks', '1M');
  writeFileSync(host.path('lines'), 'c2Vj\ncmV0\n');
});

describe('a secret', () => {
  it.each([
    'secret,id=s,data=secret',
    'secret,id=s,data=c2VjcmV0,format=base64',
    'secret,id=s,data=c2Vj cmV0,format=base64',
    'secret,id=s,data=c2VjcmV!,format=base64',
    'secret,id=s,file=FOLDER/lines,format=base64',
    'secret,id=1,data=secret',
    '{"qom-type":"secret","id":"s","data":"secret"}',
    '{"qom-type":"secret","id":"s","data":"wrong"}',
    '{"qom-type":"secret","id":"s","data":"secret","more":"x"}',
  ])('opens a disk or does not: %s', async (object) => {
    const args = [
      '--object',
      object.replace('FOLDER', host.folder),
      '--image-opts',
      'driver=luks,file.filename=a.luks,key-secret=s',
    ];
    expect(await host.qemuIo(['length'], ...args)).toEqual(host.real('qemu-io', '-c', 'length', ...args));
  });
});

it('is asked for before the backing file and the data file are', async () => {
  const secret = ['--object', 'secret,id=s,data=secret'];
  const key = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10';
  const create = (...args: string[]) => host.real('qemu-img', 'create', '-q', '-f', 'qcow2', ...secret, ...args);
  create('-o', key, '-u', '-b', 'missing', '-F', 'raw', 'over', '1M');
  create('-o', `${key},data_file=data`, 'outside', '1M');
  rmSync(host.path('data'));
  for (const name of ['over', 'outside']) {
    for (const args of [
      ['resize', name, '2M'],
      ['map', name],
      ['check', ...secret, '--image-opts', `driver=qcow2,encrypt.key-secret=none,file.filename=${name}`],
    ]) {
      expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
    }
  }
});
