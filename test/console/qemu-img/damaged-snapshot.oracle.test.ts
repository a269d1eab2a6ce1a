import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SNAPSHOT_HEADER } from '#engine';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

/** An image with a written cluster and a snapshot of it, then changed by hand. */
function damaged(name: string, change: (bytes: Buffer) => void, options = ''): string {
  const file = scratch.create(name, '64M', options);
  qemuIo(file, ['write 0 512']);
  qemuImg('snapshot', '-c', 'test', file);
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
  return file;
}

const snapshotTable = (bytes: Buffer) => Number(bytes.readBigUInt64BE(64));
const firstL2Table = (bytes: Buffer) =>
  Number(bytes.readBigUInt64BE(Number(bytes.readBigUInt64BE(40))) & 0xfffffffffe00n);

const DAMAGES: Readonly<Record<string, (bytes: Buffer) => void>> = {
  'snapshot L1 table at no cluster': (bytes) => bytes.writeBigUInt64BE(0x40_0200n, snapshotTable(bytes)),
  'snapshot L1 table too large': (bytes) => bytes.writeUInt32BE(0x1000_0000, snapshotTable(bytes) + 8),
  'data cluster that no refcount table reaches': (bytes) =>
    bytes.writeBigUInt64BE(0xbfff_ffff_ffff_0000n, firstL2Table(bytes)),
  'data cluster that no refcount block counts': (bytes) =>
    bytes.writeBigUInt64BE(0x8000_00ff_ffff_0000n, firstL2Table(bytes)),
};

describe.each(Object.entries(DAMAGES))('an image with a %s', (what, change) => {
  const original = damaged(`${what}.qcow2`, change);
  const copied = scratch.path(`${what} copied.qcow2`);
  const isSnapshotDamaged = what.startsWith('snapshot');
  it.each([
    ['snapshot', '-c', 'new'],
    ...(isSnapshotDamaged
      ? [
          ['snapshot', '-a', 'test'],
          ['snapshot', '-d', 'test'],
          ['amend', '-o', 'compat=0.10'],
          ['convert', '-O', 'raw', '-l', 'test', scratch.path('out.raw')],
        ]
      : []),
  ])('is refused with the words of QEMU: %s %s %s', async (...args) => {
    const { length } = args;
    const words = args[0] === 'convert' ? [...args.slice(0, length - 1), copied, args[length - 1]!] : [...args, copied];
    copyFileSync(original, copied);
    const expected = qemuImg(...words);
    copyFileSync(original, copied);
    const { code, stderr } = await ourQemuImg(...words);
    expect(stderr).toBe(expected.stderr);
    expect(code).toBe(expected.code);
    // Beside a snapshot without a place of its own a new one is possible.
    if (args[1] !== '-c' || !isSnapshotDamaged) expect(qemuImg('check', copied).stdout).toBe(leftBy(original));
  });
});

/** A look for compressed clusters comes before the expansion of zero clusters, for which QEMU reads the same tables. */
describe('the downgrade of an image with zstd', () => {
  it.each(['snapshot L1 table at no cluster', 'snapshot L1 table too large', 'L2 table of a snapshot at no cluster'])(
    'is refused with the words of QEMU: %s',
    async (what) => {
      const original = damaged(
        `zstd ${what}.qcow2`,
        DAMAGES[what] ?? misplaceL2TableOfSnapshot,
        'compression_type=zstd',
      );
      const copied = scratch.path('copied.qcow2');
      copyFileSync(original, copied);
      const expected = qemuImg('amend', '-o', 'compat=0.10', copied);
      copyFileSync(original, copied);
      const { code, stderr } = await ourQemuImg('amend', '-o', 'compat=0.10', copied);
      expect(stderr).toBe(expected.stderr);
      expect(code).toBe(expected.code);
    },
  );
});

function misplaceL2TableOfSnapshot(bytes: Buffer): void {
  const l1Table = Number(bytes.readBigUInt64BE(snapshotTable(bytes)));
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(l1Table) | 0x200n, l1Table);
}

/** Where an entry points between two clusters, nothing can be counted: the image is marked corrupt. */
describe.each(['data cluster', 'zero cluster', 'L2 table'] as const)('a %s between two others', (what) => {
  const misplace = (bytes: Buffer, l1Table: number) => {
    const at = what === 'L2 table' ? l1Table : Number(bytes.readBigUInt64BE(l1Table) & 0xfffffffffe00n);
    bytes.writeBigUInt64BE(bytes.readBigUInt64BE(at) | (what === 'zero cluster' ? 0x201n : 0x200n), at);
  };
  const l1TableOf = {
    disk: (bytes: Buffer) => Number(bytes.readBigUInt64BE(40)),
    snapshot: (bytes: Buffer) => Number(bytes.readBigUInt64BE(snapshotTable(bytes))),
  };

  it.each([
    ['disk', '-c', 'new'],
    ['disk', '-a', 'test'],
    ['disk', '-d', 'test'],
    ['snapshot', '-a', 'test'],
    ['snapshot', '-d', 'test'],
  ] as const)('of the %s ends snapshot %s with the words of QEMU, and harms nothing', async (owner, ...args) => {
    const original = scratch.create('misplaced.qcow2', '64M');
    qemuIo(original, ['write 0 512']);
    qemuImg('snapshot', '-c', 'test', original);
    // The disk and its snapshot share no table after this.
    qemuIo(original, ['write 0 512']);
    const bytes = readFileSync(original);
    misplace(bytes, l1TableOf[owner](bytes));
    writeFileSync(original, bytes);

    const copied = scratch.path('copied.qcow2');
    const after = () => ({
      corrupt: qemuImg('info', copied).stdout.match(/corrupt: (true|false)/)?.[1],
      snapshots: qemuImg('snapshot', '-l', copied).stdout.includes(' test '),
    });
    copyFileSync(original, copied);
    const expected = { ...qemuImg('snapshot', ...args, copied), after: after() };
    copyFileSync(original, copied);
    expect({ ...(await ourQemuImg('snapshot', ...args, copied)), after: after() }).toEqual(expected);
    expect(expected.after.corrupt).toBe('true');
    // Nothing new to repair but leaked clusters.
    expect(corruptionsIn(copied)).toBeLessThanOrEqual(corruptionsIn(original));
  });
});

function corruptionsIn(file: string): number {
  const report = JSON.parse(qemuImg('check', '--output=json', file).stdout) as { corruptions?: number };
  return report.corruptions ?? 0;
}

/** What a check says of the image as it was. */
const leftBy = (file: string) => qemuImg('check', file).stdout.replaceAll(file, '');

describe('of a long id and a long name QEMU lists a part', () => {
  const file = damaged('long names.qcow2', () => undefined);
  // The table is the last thing in the file, and need not fill its cluster.
  const bytes = Buffer.concat([readFileSync(file), Buffer.alloc(1024)]);
  const at = snapshotTable(bytes);
  bytes.writeUInt16BE(200, at + SNAPSHOT_HEADER.fields.idLength.at);
  bytes.writeUInt16BE(300, at + SNAPSHOT_HEADER.fields.nameLength.at);
  const names = at + SNAPSHOT_HEADER.size + bytes.readUInt32BE(at + SNAPSHOT_HEADER.fields.extraDataSize.at);
  bytes.fill('0123456789', names, names + 200).fill('abcdefghij', names + 200, names + 500);
  writeFileSync(file, bytes);

  it.each(['info', 'info --output=json', 'snapshot -l'])('%s', async (line) => {
    const words = [...line.split(' '), file];
    const theirs = qemuImg(...words);
    expect(theirs.stdout).toContain('abcdefghij');
    expect(await ourQemuImg(...words)).toEqual(theirs);
  });
});
