import { afterAll, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

it.each(['map --output=json empty', 'map empty', 'map --output=json -s 1M small', 'map --output=json -l 0 small'])(
  'of nothing tells what qemu-img tells: %s',
  async (line) => {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'empty', '0');
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'small', '1M');
    expect(await host.qemuImg(...line.split(' '))).toEqual(host.real('qemu-img', ...line.split(' ')));
  },
);
