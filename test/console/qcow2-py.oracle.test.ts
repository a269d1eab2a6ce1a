import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qemuImg, qemuIo, Scratch } from '../tools/qemu.ts';
import { MemoryHost } from './memory-host.ts';

// The script itself comes with QEMU's test suite; `npm run test:iotests` brings that.
const source = process.env['QEMU_SRC'] ?? join(homedir(), '.cache/qemu-iotests/qemu');
const SCRIPT = join(source, 'tests/qemu-iotests/qcow2.py');
const hasScript = existsSync(SCRIPT) && spawnSync('python3', ['--version']).status === 0;

const scratch = new Scratch();
const images: Record<string, string> = {};
/** Where the bitmaps extension begins in an image of 64 KiB clusters without a backing file. */
const BITMAPS_AT = 112 + 8 + 384;

beforeAll(() => {
  images['version-3'] = scratch.create('version-3', '1M', 'lazy_refcounts=on');
  images['version-2'] = scratch.create('version-2', '1M', 'compat=0.10');
  images['with-backing'] = scratch.create('with-backing', '1M', '', '-b', 'version-3', '-F', 'qcow2');
  images['encrypted'] = scratch.create(
    'encrypted',
    '1M',
    'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10',
    '--object',
    'secret,id=s,data=hush',
  );
  images['with-bitmaps'] = scratch.create('with-bitmaps', '1M');
  qemuImg('bitmap', '--add', '-g', '512', images['with-bitmaps'], 'first');
  qemuIo(images['with-bitmaps'], ['write 0 64k']);
  qemuImg('bitmap', '--add', '--disable', images['with-bitmaps'], 'second');
  images['named otherwise'] = scratch.create('named-otherwise', '1M');
  qemuImg('bitmap', '--add', images['named otherwise'], 'zweites Bändchen');
  for (const name of Object.keys(DAMAGES)) images[name] = damage(name);
});
afterAll(() => scratch.remove());

/** Images that are broken where the script looks: whose copy, at which offset, which bytes. */
const DAMAGES: Readonly<Record<string, readonly [image: string, offset: number, hex: string]>> = {
  'no room for a longer header': ['version-3', 100, '0000fff8'],
  'header of no length': ['version-3', 100, '00000000'],
  'tiny clusters': ['version-3', 20, '00000005'],
  'extension without end': ['version-3', 116, 'fffffff0'],
  'binary extension': ['version-3', 112, '123456780000000580616263ff'],
  'backing name past the end': ['with-backing', 8, '0000010000000000'],
  'backing name where no file reaches': ['with-backing', 8, '8000000000000000'],
  'bitmap that is missing': ['with-bitmaps', BITMAPS_AT + 8, '00000003'],
  'directory past the end': ['with-bitmaps', BITMAPS_AT + 24, '0000010000000000'],
  'directory where no file reaches': ['with-bitmaps', BITMAPS_AT + 24, 'ffffffffffffffff'],
  'extension of another length': ['with-bitmaps', BITMAPS_AT + 4, '00000010'],
};

function damage(name: string): string {
  const [image, offset, hex] = DAMAGES[name]!;
  const bytes = readFileSync(images[image]!);
  bytes.write(hex, offset, 'hex');
  const file = scratch.path(name.replaceAll(' ', '-'));
  writeFileSync(file, bytes);
  return file;
}

const IMAGES = ['version-3', 'version-2', 'with-backing', 'encrypted', 'with-bitmaps'];
const SHOWING = [['dump-header'], ['dump-header-exts'], ['dump-header', '-j'], ['-j', 'dump-header-exts']];
const CHANGING = [
  ['set-header', 'size', '0x20_0000'],
  ['set-header', 'incompatible_features', '1'],
  ['set-header', 'header_length', '112'],
  ['set-header', 'cluster_bits', '8'],
  ['set-header', 'nonsense', '1'],
  ['set-header', 'size', '010'],
  ['set-header', 'version', '0x1_0000_0000'],
  ['set-feature-bit', 'compatible', '7'],
  ['set-feature-bit', 'autoclear', '0x3f'],
  ['set-feature-bit', 'incompatible', '64'],
  ['set-feature-bit', 'incompatible', '-1'],
  ['set-feature-bit', 'nonsense', '1'],
  ['add-header-ext', '0x12345678', 'Some text'],
  ['add-header-ext', '0o777', ''],
  ['add-header-ext', 'many', 'x'],
  ['del-header-ext', '0x6803f857'],
  ['del-header-ext', '1'],
  ['del-header-ext', 'x'],
  ['dump-header', 'superfluous'],
  ['no-such-command'],
];

interface Case {
  readonly image: string;
  readonly commands: readonly (readonly string[])[];
  readonly input: string;
}

const twice = ['add-header-ext', '77', 'x'];
const CASES: readonly Case[] = [
  ...IMAGES.flatMap((image) => SHOWING.map((command) => ({ image, commands: [command], input: '' }))),
  // The script cannot write an image with bitmaps: it ends in the middle of it.
  ...IMAGES.filter((image) => image !== 'with-bitmaps').flatMap((image) =>
    CHANGING.map((command) => ({ image, commands: [command], input: '' })),
  ),
  // A name in UTF-8: the script reads ASCII only.
  ...['named otherwise', ...Object.keys(DAMAGES)].flatMap((image) =>
    SHOWING.map((command) => ({ image, commands: [command], input: '' })),
  ),
  // What cannot be read is not written either.
  ...['backing name where no file reaches', 'directory where no file reaches'].map((image) => ({
    image,
    commands: [['set-feature-bit', 'compatible', '3']],
    input: '',
  })),
  { image: 'version-3', commands: [['add-header-ext-stdio', '0x6803f857']], input: 'one\ntwo\n' },
  // Neighbours of the same kind, of which only every second one goes.
  { image: 'version-3', commands: [twice, twice, ['del-header-ext', '77'], ['dump-header-exts']], input: '' },
];

/** What came of one run of the script. */
interface ScriptRun {
  readonly stdout: string;
  readonly code: number;
}

/** Runs the script on a copy of the image for each case, all in one Python, which is slow to start. */
const DRIVER = `
import contextlib, io, json, runpy, sys
script, cases = sys.argv[1], json.load(sys.stdin)
sys.path.insert(0, script.rpartition('/')[0])
results = []
for case in cases:
    for command in case['commands']:
        sys.argv, sys.stdin = ['qcow2.py', case['file'], *command], io.StringIO(case['input'])
        out, code = io.StringIO(), 0
        try:
            with contextlib.redirect_stdout(out):
                runpy.run_path(script, run_name='__main__')
        except SystemExit as end:
            code = end.code or 0
        except Exception:
            code = 1
        results.append({'stdout': out.getvalue().replace(script, 'qcow2.py'), 'code': code})
json.dump(results, sys.stdout)
`;

describe.skipIf(!hasScript)(
  'qcow2.py does as the script of QEMU’s test suite (skipped where that is not there)',
  () => {
    const results = new Map<Case, readonly ScriptRun[]>();
    const fileOf = (index: number) => scratch.path(`case-${index}`);

    beforeAll(() => {
      const asked = CASES.map(({ image, ...rest }, index) => {
        copyFileSync(images[image]!, fileOf(index));
        return { ...rest, file: fileOf(index) };
      });
      const run = spawnSync('python3', ['-c', DRIVER, SCRIPT], { input: JSON.stringify(asked), encoding: 'utf8' });
      expect(run.stderr).toBe('');
      const runs = JSON.parse(run.stdout) as ScriptRun[];
      for (const one of CASES) results.set(one, runs.splice(0, one.commands.length));
    });

    it.each(
      CASES.map(
        (one, index) =>
          [`${one.image}: ${one.commands.map((words) => words.join(' ')).join('; ')}`, one, index] as const,
      ),
    )('%s', async (_name, one, index) => {
      const host = new MemoryHost();
      const file = host.addFile('image', readFileSync(images[one.image]!));
      for (const [step, words] of one.commands.entries()) {
        host.input = one.input.split('\n').slice(0, -1);
        const { stdout, code } = await host.qcow2Py('image', ...words);
        expect({ stdout, code }).toEqual(results.get(one)![step]);
      }
      expect(Buffer.compare(file.toBytes(), readFileSync(fileOf(index))), 'the file').toBe(0);
    });
  },
);
