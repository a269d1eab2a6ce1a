import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectSocket } from '../../../../src/node/cli/socket.ts';
import { bundled } from '../../../tools/bundled.ts';
import { FolderHost, withoutTimes } from '../../folder-host.ts';

const host = new FolderHost();
const servers: ChildProcess[] = [];

beforeAll(async () => {
  const script = await bundled('src/node/cli/socket-thread.ts', host.folder);
  host.connect = (address, timing) => connectSocket(script, address, timing);
});

afterAll(() => {
  for (const server of servers) server.kill();
  host.remove();
});

/** Serves an image of each program. */
async function serve(image: string, ...options: string[]): Promise<void> {
  const socket = host.path(`${image}.socket`);
  servers.push(spawn('qemu-nbd', ['-t', '-e', '4', '-k', socket, '-x', 'disk', ...options, host.path(image)]));
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 200) throw new Error('qemu-nbd does not listen');
    await setTimeout(50);
  }
}

const uri = (image: string) => `nbd+unix:///disk?socket=${host.path(`${image}.socket`)}`;

describe('an export of qemu-nbd', () => {
  beforeEach(async () => {
    for (const server of servers.splice(0)) server.kill();
    for (const image of ['ours', 'theirs']) {
      host.real('qemu-img', 'create', '-q', '-f', 'qcow2', image, '64M');
      host.real('qemu-io', '-c', 'write -q -P 5 1M 3M', '-c', 'write -q -z 8M 1M', image);
      await serve(image, '-f', 'qcow2', '--discard=unmap');
    }
  });

  it.each([
    ['reads and writes', ['read -P 5 1M 3M', 'write -P 6 100 1000', 'write -P 7 2M 40M', 'read -P 7 2M 40M', 'flush']],
    ['zeros and discards', ['write -z 1M 64k', 'write -z -u 2M 64k', 'discard 3M 64k', 'read -P 0 1M 64k', 'map']],
    ['says what it cannot do', ['truncate 65M', 'write -c 0 64k', 'read 64M 1k', 'info', 'length', 'alloc 0 64M']],
  ])('%s as QEMU', async (_, commands) => {
    const ours = await host.qemuIo(commands, '-f', 'raw', uri('ours'));
    const theirs = host.real('qemu-io', ...commands.flatMap((one) => ['-c', one]), '-f', 'raw', uri('theirs'));
    expect(withoutTimes(ours)).toEqual(withoutTimes(theirs));
    expect(host.real('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', uri('ours'), uri('theirs')).code).toBe(0);
  });

  it('is described, mapped and copied as QEMU does it', async () => {
    const name = uri('theirs');
    for (const args of [
      ['info', name],
      ['info', '--output=json', name],
      ['info', `nbd:unix:${host.path('theirs.socket')}:exportname=disk`],
      [
        'info',
        '--image-opts',
        `driver=raw,size=1M,file.driver=nbd,file.path=${host.path('theirs.socket')},file.export=disk`,
      ],
      ['map', '--output=json', name],
      ['measure', '-O', 'qcow2', name],
      ['compare', name, name],
      ['convert', '-O', 'qcow2', name, host.path('copy')],
      ['create', '-f', 'qcow2', '-F', 'raw', '-b', name, host.path('over')],
      ['info', '--backing-chain', host.path('over')],
    ]) {
      const ours = await host.qemuImg(...args);
      expect(ours, args.join(' ')).toEqual(host.real('qemu-img', ...args));
    }
    await host.qemuImg('convert', '-O', 'qcow2', name, host.path('copy'));
    expect(host.real('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', name, host.path('copy')).code).toBe(0);
  });

  it('is refused as QEMU refuses it', async () => {
    for (const name of [
      uri('theirs').replace('disk', 'other'),
      `nbd+unix:///disk?socket=${host.path('none')}`,
      'nbd://localhost:1',
      'nbd://no-such-host.invalid/',
      'nbd:localhost:service',
      'nbd:',
      'nbd:address',
      'nbd:localhost:1:exportname=',
      'nbd://',
      'nbd+unix:///disk',
      'nbd+unix://host/disk?socket=x',
      'nbd+other://host/disk',
      'nbd://localhost:1/?socket=x',
    ]) {
      expect(await host.qemuImg('info', name), name).toEqual(host.real('qemu-img', 'info', name));
    }
    for (const options of [
      'driver=nbd',
      'driver=nbd,server.type=unix',
      'driver=nbd,server.type=other,server.path=x',
      'driver=nbd,server.type=inet,server.host=localhost',
      'driver=nbd,server.type=unix,server.path=x,path=x',
      'driver=nbd,path=x,host=localhost',
      'driver=nbd,path=x,port=1',
      'driver=nbd,port=1',
      'driver=nbd,host=localhost,port=1,reconnect-delay=x',
      `driver=nbd,path=${host.path('theirs.socket')},export=disk,other=1`,
    ]) {
      const args = ['info', '--image-opts', options];
      expect(await host.qemuImg(...args), options).toEqual(host.real('qemu-img', ...args));
    }
  });
});

describe('an export that may not be written', () => {
  it('is opened for reading only', async () => {
    for (const server of servers.splice(0)) server.kill();
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'fixed', '1M');
    await serve('fixed', '-f', 'qcow2', '-r');
    for (const options of [[], ['-r']]) {
      const args = [...options, '-f', 'raw', uri('fixed')];
      const ours = await host.qemuIo(['write 0 4k', 'read -q 0 4k'], ...args);
      expect(ours).toEqual(host.real('qemu-io', '-c', 'write 0 4k', '-c', 'read -q 0 4k', ...args));
    }
  });
});
