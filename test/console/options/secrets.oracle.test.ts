import { createCipheriv } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const KEY = Buffer.alloc(32, 7);
const IV = Buffer.alloc(16, 9);
const CIPHER = createCipheriv('aes-256-cbc', KEY, IV);
const ENCRYPTED = Buffer.concat([CIPHER.update('secret'), CIPHER.final()]);
const KEY_OBJECT = `secret,id=key,format=base64,data=${KEY.toString('base64')}`;
const ENCRYPTED_OBJECT = `secret,id=s,keyid=key,iv=${IV.toString('base64')}`;

const host = new FolderHost();
afterAll(() => host.remove());
beforeAll(() => {
  const format = ['-f', 'luks', '-o', 'key-secret=s,iter-time=10'];
  host.real('qemu-img', 'create', '-q', '--object', 'secret,id=s,data=secret', ...format, 'a.luks', '1M');
  writeFileSync(host.path('lines'), 'c2Vj\ncmV0\n');
  writeFileSync(host.path('encrypted'), ENCRYPTED);
  mkdirSync(host.path('folder'));
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a.qcow2', '1M');
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

describe('a secret that another one encrypts', () => {
  it.each([
    `${ENCRYPTED_OBJECT},format=base64,data=${ENCRYPTED.toString('base64')}`,
    `${ENCRYPTED_OBJECT},data=${ENCRYPTED.toString('base64')}`,
    `${ENCRYPTED_OBJECT},file=FOLDER/encrypted`,
    `${ENCRYPTED_OBJECT},data=`,
    `${ENCRYPTED_OBJECT},data=1234567890123456`,
    'secret,id=s,keyid=key,data=x',
    'secret,id=s,keyid=key,data=x,iv=AAAA',
    'secret,id=s,keyid=key,data=x,iv=!',
    'secret,id=s,keyid=other,data=x',
    'secret,id=s,keyid=s,data=x',
    'secret,id=s,iv=x,data=secret',
    'secret,id=s,iv=x,keyid=key',
  ])('opens a disk or does not: %s', async (object) => {
    const args = [
      ...['--object', KEY_OBJECT, '--object', object.replace('FOLDER', host.folder)],
      ...['--image-opts', 'driver=luks,file.filename=a.luks,key-secret=s'],
    ];
    expect(await host.qemuIo(['length'], ...args)).toEqual(host.real('qemu-io', '-c', 'length', ...args));
  });
});

describe('an object that nobody needs', () => {
  it.each([
    'secret,id=s,file=missing',
    'secret,id=s,file=FOLDER/folder',
    'secret,id=s,file=FOLDER/lines,format=base64',
    'secret,id=s,file=FOLDER/lines,data=x',
    'secret,id=s,file=/dev/null',
    'secret,id=s',
    'secret,id=s,data=!,format=base64',
    'secret,id=s,data=x,loaded=on',
    'secret,id=s,data=x,loaded=maybe,format=odd',
    'secret,id=s,data=x,format=odd,more=x',
    'secret,id=s,data=x,more=x',
    'secret,id=1,data=x,more=x',
    'secret,,id=s,data=x',
    'secret,id=s,1=x',
    '{"qom-type":"secret","id":"s","data":"x","loaded":true}',
    '{"qom-type":"secret","id":"s","data":1}',
    'secret,help',
    'secret,id=s,?',
  ])('is read all the same: %s', async (definition) => {
    const object = ['--object', definition.replace('FOLDER', host.folder)];
    for (const args of [
      ['compare', ...object, 'a.qcow2', 'a.qcow2'],
      ['check', ...object, '--odd', 'a.qcow2'],
      ['resize', ...object, '-q', 'a.qcow2', '1M'],
    ]) {
      expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
    }
    for (const args of [
      [...object, 'a.qcow2'],
      [...object, '-t', 'odd', 'a.qcow2'],
    ]) {
      expect(await host.qemuIo(['length'], ...args)).toEqual(host.real('qemu-io', '-c', 'length', ...args));
    }
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

it.each([
  ['check', 'a.luks'],
  ['check', '-f', 'luks', 'a.luks'],
  ['check', '-f', 'luks', 'a.qcow2'],
])('is required also where nothing is read with it: %s %s %s %s', async (...args) => {
  expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
});
