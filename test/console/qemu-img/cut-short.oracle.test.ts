import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'whole', '1M');
const WHOLE = readFileSync(host.path('whole'));

it.each([3, 4, 7, 8, 24, 72, 103, 104, 111, 112, 511, 512, 65_600])(
  'the first %i bytes of an image',
  async (length) => {
    writeFileSync(host.path('start'), WHOLE.subarray(0, length));
    const sizeless = (text: string) => text.replace(/^disk size:.*\n/m, '');
    const [ours, real] = [await host.qemuImg('info', 'start'), host.real('qemu-img', 'info', 'start')];
    expect({ ...ours, stdout: sizeless(ours.stdout) }).toEqual({ ...real, stdout: sizeless(real.stdout) });
    expect(await host.qemuImg('check', 'start')).toEqual(host.real('qemu-img', 'check', 'start'));
  },
);
