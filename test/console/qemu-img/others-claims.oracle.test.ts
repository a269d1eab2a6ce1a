import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

const FILES = ['a.qcow2', 'other.qcow2', 'over.qcow2', 'with-data.qcow2', 'data.raw', 'disk.raw'];

beforeAll(() => {
  for (const line of [
    'create -q -f qcow2 a.qcow2 1M',
    'create -q -f qcow2 other.qcow2 1M',
    'create -q -f qcow2 -b a.qcow2 -F qcow2 over.qcow2',
    'create -q -f qcow2 -o data_file=data.raw,data_file_raw=on with-data.qcow2 1M',
    'create -q -f raw disk.raw 1M',
  ]) {
    expect(host.real('qemu-img', ...line.split(' ')).code).toBe(0);
  }
  for (const name of FILES) copyFileSync(host.path(name), host.path(`${name}.original`));
});

/** Into the same files, which somebody has open. */
function putBack(): void {
  for (const name of FILES) copyFileSync(host.path(`${name}.original`), host.path(name));
}

/** The real qemu-io, which has a file open until it is killed. */
async function holding(line: string): Promise<ChildProcess> {
  const holder = spawn('qemu-io', line.split(' '), { cwd: host.folder, stdio: ['pipe', 'pipe', 'inherit'] });
  // What it answers, it answers when all is open.
  holder.stdin.write('length\n');
  await once(holder.stdout, 'data');
  return holder;
}

const COMMANDS: readonly string[] = [
  'qemu-img info a.qcow2',
  'qemu-img info -U a.qcow2',
  'qemu-img info over.qcow2',
  'qemu-img info --backing-chain over.qcow2',
  'qemu-img check a.qcow2',
  'qemu-img check -U a.qcow2',
  'qemu-img check -r all a.qcow2',
  'qemu-img convert -O raw a.qcow2 new',
  'qemu-img convert -U -O raw a.qcow2 new',
  'qemu-img convert -n -O qcow2 other.qcow2 a.qcow2',
  'qemu-img convert -f raw -O raw disk.raw new',
  'qemu-img convert -O raw with-data.qcow2 new',
  'qemu-img create -q -f qcow2 a.qcow2 1M',
  'qemu-img create -q -f qcow2 -b a.qcow2 -F qcow2 new.qcow2',
  'qemu-img create -q -f raw disk.raw 1M',
  'qemu-img commit over.qcow2',
  'qemu-img compare a.qcow2 other.qcow2',
  'qemu-img resize a.qcow2 1M',
  'qemu-img info -f raw disk.raw',
  'qemu-io -c read_0_512 a.qcow2',
  'qemu-io -r -c read_0_512 over.qcow2',
  'qemu-io -r -U -c read_0_512 a.qcow2',
  'qemu-io -f raw -c write_0_512 disk.raw',
  'qemu-io -f raw -c write_0_512 data.raw',
  'qemu-io -c read_0_512 --image-opts driver=qcow2,file.filename=a.qcow2,file.locking=off',
  'qemu-io -r -c read_0_512 --image-opts driver=qcow2,file.filename=a.qcow2,force-share=on',
  // Last, as QEMU deletes a file that it could not create, also where that was there before.
  'qemu-img convert -O qcow2 other.qcow2 a.qcow2',
];

const HELD = [
  'a.qcow2',
  '-r a.qcow2',
  '-r -U a.qcow2',
  'over.qcow2',
  '-f raw a.qcow2',
  '-f raw disk.raw',
  '-f raw data.raw',
];

describe.each(HELD)('while qemu-io %s has files open', (line) => {
  let holder: ChildProcess;
  beforeAll(async () => {
    holder = await holding(line);
  });
  afterAll(async () => {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  });

  it.each(COMMANDS)('%s', async (command) => {
    const [program, ...args] = command.split(' ').map((word) => word.replace(/^(read|write)_0_/, '$1 0 '));
    putBack();
    const ours = await (program === 'qemu-img' ? host.qemuImg(...args) : host.qemuIo([], ...args));
    putBack();
    const real = host.real(program as 'qemu-img' | 'qemu-io', ...args);
    expect({ code: ours.code, stderr: ours.stderr }).toEqual({ code: real.code, stderr: real.stderr });
  });
});
