import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImage, MemoryStorage } from '#engine';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

beforeAll(() => {
  writeFileSync(host.path('a.raw'), new Uint8Array(1024 * 1024).fill(5, 4096, 8192));
  writeFileSync(host.path('colon:a.raw'), new Uint8Array(65536));
  const setup: [string, ...string[]][] = [
    ['create', '-q', '-f', 'qcow2', 'base.qcow2', '1M'],
    ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base.qcow2', 'top.qcow2'],
    ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', host.path('base.qcow2'), 'absolute.qcow2'],
    ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', 'gone.qcow2', 'orphan.qcow2', '1M'],
  ];
  for (const args of setup) expect(host.real('qemu-img', ...args).stderr).toBe('');
  const strange = new MemoryStorage();
  createImage(strange, { size: 1024 * 1024, backingFile: 'base.qcow2', backingFormat: 'foo' });
  writeFileSync(host.path('strange.qcow2'), strange.toBytes());
});

describe('names of image files, as qemu-img takes and prints them', () => {
  it.each([
    'top.qcow2',
    'file:top.qcow2',
    'file:colon:a.raw',
    './colon:a.raw',
    'foo:bar',
    '',
    'gone.qcow2',
    'null-co://',
    'null-aio://',
    'null-co://foo',
    'blkdebug::top.qcow2',
    'blkdebug:top.qcow2',
    'blkdebug::gone.qcow2',
    'json:{"driver":"qcow2","file":{"driver":"file","filename":"top.qcow2"}}',
    "json:{'driver':'qcow2','file.filename':'top.qcow2'}",
    'json:{"driver":"qcow2","file":{"driver":"blkdebug","image":{"driver":"file","filename":"top.qcow2"},"align":512}}',
    'json:{"driver":"raw","offset":512,"size":1024,"file":{"filename":"a.raw"}}',
    'json:{"driver":"null-co","size":65536,"read-zeroes":true}',
    'json:{"driver":"qcow2","file":{"driver":"quorum","vote-threshold":1,"children":[{"driver":"file","filename":"top.qcow2"},{"driver":"file","filename":"base.qcow2"}]}}',
    'json:{"driver":"qcow2","backing":null,"file.filename":"top.qcow2"}',
    'json:{"driver":"qcow2"}',
    'json:{"driver":"quorum","vote-threshold":1,"read-pattern":"fifo","children":[{"driver":"file","filename":"a.raw"}]}',
    'json:{"driver":"raw","size":-512,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":-0,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":-,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":1e3,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":1e,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":1e+,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":1.5,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":1.,"file":{"filename":"a.raw"}}',
    'json:{"driver":"raw","size":01,"file":{"filename":"a.raw"}}',
    'json:{"foo":1}',
    'json:{"file.filename":"a.raw","foo":1}',
    'json:{"driver":"file","filename":"a.raw","foo":1}',
    'json:[1]',
    'json:',
    'json:{',
    'json:{]',
    'json:{"a"}',
    'json:{"a":}',
    'json:{"a":1,}',
    'json:{"a":foo}',
    'json:{"a":1}}',
    'json:{"a":1} x',
    'json:{a:1}',
    'json:{"a":"x}',
    "json:{'a':'it\\'s'}",
    'json:{"a":01}',
    'json:{"a":-}',
    'json:{"a":1.}',
    'json:{"a":1.5e}',
    'json:{"a":"\\q"}',
    'json:{"a":"\\u12"}',
    'json:{"a":"\t"}',
    'json:{"a":[1,]}',
    'json:{"a":[1 2]}',
    'json:{"a":1,"a":2}',
    'json:{"a" 1}',
    'json:{"a":@}',
    'json:{1:2}',
    'json:{"a":1 "b":2}',
    'json:%p',
    'json:{"a":TRUE}',
    'json:"x"',
    'json:{"driver":"raw","file.filename":"a.raw","a":{}}',
    'json:{"driver":"raw","file.filename":"a.raw","x":1,"b":1,"z":1}',
    'json:{"driver":"raw","file.filename":"a.raw","offset":"x"}',
    'json:{"driver":"raw","file.filename":"a.raw","read-only":"foo"}',
  ])('info %s', async (name) => {
    expect(await host.qemuImg('info', name)).toEqual(host.real('qemu-img', 'info', name));
  });

  it.each([
    'driver=qcow2,file.driver=blkdebug,file.align=4k,file.image.filename=top.qcow2',
    'driver=blkdebug,image.driver=qcow2,image.file.filename=top.qcow2',
    'driver=blkdebug,image.filename=a.raw',
    'driver=raw,file.driver=qcow2,file.file.filename=top.qcow2',
    'driver=quorum,vote-threshold=1,children.0.filename=a.raw',
    'driver=quorum,vote-threshold=3,children.0.driver=file,children.0.filename=a.raw',
    'driver=null-co,size=64k',
    'driver=null-co',
    'driver=copy-on-read,file.filename=top.qcow2',
    'filename=a.raw',
    'a.raw',
    'driver=raw,file=a.raw',
    'driver=file',
    'driver=foo,file.filename=a.raw',
    'driver=raw,filename=a.raw',
    'driver=raw,file.filename=a.raw,size=1000',
    'driver=raw,file.filename=a.raw,offset=2M',
    'driver=raw,file.filename=a.raw,offset=512,size=1M',
    'driver=raw,file.filename=a.raw,offset=1k',
    'driver=raw,backing.file.filename=a.raw,file.filename=a.raw',
    'driver=qcow2,backing=,file.filename=top.qcow2',
    'driver=qcow2,file.filename=top.qcow2,lazy-refcounts=on',
    '',
  ])('info --image-opts %s', async (options) => {
    const args = ['info', '--image-opts', options];
    expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
  });

  it.each([
    'driver=qcow2,backing.driver=qcow2,backing.file.filename=base.qcow2,file.filename=top.qcow2',
    'driver=raw,offset=1k,file.filename=a.raw',
    'driver=null-co,size=64k',
    'driver=null-co,size=64k,read-zeroes=on',
    'driver=copy-on-read,file.filename=top.qcow2',
  ])('map --image-opts %s', async (options) => {
    for (const output of ['human', 'json']) {
      const args = ['map', '--output', output, '--image-opts', options];
      expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
    }
  });

  it.each(['top.qcow2', 'blkdebug::top.qcow2', 'absolute.qcow2', 'json:{"file.filename":"top.qcow2"}'])(
    'info --backing-chain %s',
    async (name) => {
      const args = ['info', '--backing-chain', name];
      expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
    },
  );
});

describe('options of open, as qemu-io takes them', () => {
  it.each([
    '-r top.qcow2',
    '-r -o driver=raw top.qcow2',
    '-r -o driver=qcow2 json:{"file.filename":"top.qcow2"}',
    '-r -o driver=qcow2 json:{"driver":"raw","file.filename":"top.qcow2"}',
    '-r -o driver=qcow2 json:{"driver":"raw"}',
    '-r -o filename=x top.qcow2',
    '-r -o driver=file,filename=x top.qcow2',
    '-r -o driver=file a.raw',
    '-r -o file.driver=foo top.qcow2',
    '-r -o file.foo=bar top.qcow2',
    '-r -o backing.foo=bar top.qcow2',
    '-r -o foo=bar top.qcow2',
    '-r -o backing.driver=raw top.qcow2',
    '-r -o backing.file.filename=a.raw,backing.driver=raw top.qcow2',
    '-r -o backing.file.filename=a.raw top.qcow2',
    '-r -o backing.filename=a.raw top.qcow2',
    '-r -o backing=foo top.qcow2',
    '-r -o file=foo top.qcow2',
    '-r -o file=foo',
    '-r -o file.filename=a.raw,file.driver=raw,file.file.driver=blkdebug a.raw',
    '-r orphan.qcow2',
    '-r strange.qcow2',
    '-r -o backing.driver=qcow2 strange.qcow2',
    '-r -o node-name=1a top.qcow2',
    '-r -o node-name=a,file.node-name=a top.qcow2',
    '-r -o node-name=a234567890123456789012345678901x top.qcow2',
    '-r -o node-name=a,file.node-name=b,backing.node-name=c top.qcow2',
    '-r -o cache.direct=foo top.qcow2',
    '-r -o cache.no-flush=foo top.qcow2',
    '-r -o force-share=foo top.qcow2',
    '-r -o discard=foo top.qcow2',
    '-r -o detect-zeroes=foo top.qcow2',
    '-r -C top.qcow2',
    '-o read-only=foo top.qcow2',
    '-o read-only=on top.qcow2',
    '-o file.read-only=on top.qcow2',
    '-r -o driver=copy-on-read,file.driver=qcow2 top.qcow2',
    '-o driver=blkdebug,align=3 a.raw',
    '-o driver=blkdebug,align=512,max-transfer=100 a.raw',
    '-o driver=blkdebug,align=512,opt-write-zero=100 a.raw',
    '-o driver=blkdebug,align=512,opt-write-zero=1k,max-write-zero=512 a.raw',
    '-o driver=blkdebug,align=512,opt-discard=100 a.raw',
    '-o driver=blkdebug,align=512,max-discard=100 a.raw',
    '-o driver=blkdebug',
    '-o driver=null-co foo',
    '-o driver=null-co,foo=on',
    '-o driver=host_device a.raw',
    '-o driver=host_device /dev/null',
    '-o driver=file,locking=off /dev/null',
    '-r -o driver=file .',
    '-o driver=file .',
    '-o driver=host_cdrom .',
    '-r -o driver=host_cdrom .',
  ])('open %s', async (args) => {
    const commands = [`open ${args}`, 'info', 'length', 'read -q 0 512'];
    const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]));
    expect(withoutTimes(await host.qemuIo(commands))).toEqual(withoutTimes(theirs));
  });
});

describe('options of reopen, as qemu-io takes them', () => {
  it.each([
    'node-name=foo',
    'file.node-name=foo',
    'backing.node-name=foo',
    'driver=raw',
    'file.driver=qcow2',
    'backing.driver=file',
    'driver=qcow2',
    'file.driver=file',
    'backing.driver=qcow2',
    'foo=bar',
    'file.filename=x',
    'backing.backing.foo=x',
    'read-only=foo',
    'cache.direct=foo',
    'auto-read-only=foo',
    'lazy-refcounts=on',
    'lazy-refcounts=foo',
    'l2-cache-size=foo',
    'overlap-check=foo',
    'file.foo=bar,lazy-refcounts=on',
  ])('reopen -o %s', async (options) => {
    const commands = ['open top.qcow2', `reopen -o ${options}`, 'info'];
    const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]));
    expect(await host.qemuIo(commands)).toEqual(theirs);
  });

  it.each([
    ['reopen -r -o read-only=on'],
    ['reopen -w -o read-only=on'],
    ['reopen -c none -o cache.direct=on'],
    ['reopen -c writeback -o cache.no-flush=on'],
    ['reopen -r -w'],
    ['reopen -c foo'],
    ['close', 'open -o node-name=foo top.qcow2', 'reopen -o node-name=foo', 'reopen'],
    ['close', 'open -o backing.node-name=foo top.qcow2', 'reopen -o backing.node-name=foo', 'reopen'],
  ])('%s', async (...commands) => {
    const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), 'top.qcow2');
    expect(await host.qemuIo(commands, 'top.qcow2')).toEqual(theirs);
  });
});
