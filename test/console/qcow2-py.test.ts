import { describe, expect, it } from 'vitest';
import { createImage, MemoryStorage, type CreateOptions } from '#engine';
import { MemoryHost } from './memory-host.ts';

function hostWith(options: Partial<CreateOptions> = {}): MemoryHost {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, ...options });
  const host = new MemoryHost();
  host.addFile('a.qcow2', storage.toBytes());
  return host;
}

describe('qcow2.py', () => {
  it('dumps the header as the script does', async () => {
    const { stdout, code } = await hostWith({ lazyRefcounts: true }).qcow2Py('a.qcow2', 'dump-header');
    expect(code).toBe(0);
    expect(stdout).toBe(`magic                     0x514649fb
version                   3
backing_file_offset       0x0
backing_file_size         0x0
cluster_bits              16
size                      1048576
crypt_method              0
l1_size                   1
l1_table_offset           0x30000
refcount_table_offset     0x10000
refcount_table_clusters   1
nb_snapshots              0
snapshot_offset           0x0
incompatible_features     []
compatible_features       [0]
autoclear_features        []
refcount_order            4
header_length             112

Header extension:
magic                     0x6803f857 (Feature table)
length                    384
data                      <binary>

`);
  });

  it('prints JSON with -j, wherever it stands', async () => {
    const { stdout } = await hostWith({ backingFile: 'b', backingFormat: 'raw' }).qcow2Py(
      '-j',
      'a.qcow2',
      'dump-header-exts',
    );
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'Backing format', magic: 0xe2792aca, length: 3, data_str: "'raw'" },
      { name: 'Feature table', data_str: '<binary>' },
    ]);
  });

  it('keeps backing file and other extensions when one is added and deleted', async () => {
    const host = hostWith({ backingFile: 'b.qcow2', backingFormat: 'qcow2' });
    const before = await host.qcow2Py('a.qcow2', 'dump-header');
    await host.qcow2Py('a.qcow2', 'add-header-ext', '0x12345678', 'Some text');
    const { stdout } = await host.qcow2Py('a.qcow2', 'dump-header-exts');
    expect(stdout).toContain(
      "magic                     0x12345678 (<unknown>)\nlength                    9\ndata                      'Some text'\n",
    );
    await host.qcow2Py('a.qcow2', 'del-header-ext', '0x12345678');
    expect(await host.qcow2Py('a.qcow2', 'dump-header')).toEqual(before);
  });

  it('sets fields and feature bits, and refuses what cannot be', async () => {
    const host = hostWith();
    expect(await host.qcow2Py('a.qcow2', 'set-feature-bit', 'incompatible', '63')).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect((await host.qcow2Py('a.qcow2', 'dump-header')).stdout).toContain('incompatible_features     [63]\n');
    expect(await host.qcow2Py('a.qcow2', 'set-header', 'sise', '1')).toMatchObject({
      code: 1,
      stdout: "'sise' is not a known header field\n",
    });
    expect(await host.qcow2Py('a.qcow2', 'set-header', 'version', '-1')).toMatchObject({ code: 1 });
    expect(await host.qcow2Py('nothing', 'dump-header')).toMatchObject({
      code: 1,
      stderr: "qcow2.py: No such file or directory: 'nothing'\n",
    });
  });

  it('writes nothing where the extensions would not fit', async () => {
    const host = hostWith();
    const file = host.storages.get('a.qcow2')!;
    const before = file.toBytes().slice();
    expect(await host.qcow2Py('a.qcow2', 'add-header-ext', '1', 'x'.repeat(65536))).toMatchObject({
      code: 1,
      stdout: '',
    });
    expect(Buffer.compare(file.toBytes(), before)).toBe(0);
  });

  it('shows files that are no image, and says where one is too short', async () => {
    const host = new MemoryHost();
    host.addFile('zeros', new Uint8Array(104));
    expect((await host.qcow2Py('zeros', 'dump-header')).stdout).toMatch(/^magic {21}0x0\n/);
    host.addFile('short', new Uint8Array(50));
    expect(await host.qcow2Py('short', 'dump-header')).toMatchObject({
      code: 1,
      stderr: 'qcow2.py: The file ends within the header: of 104 bytes 50 are there. Nothing was written.\n',
    });
  });
});
