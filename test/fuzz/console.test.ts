import { describe, expect, it } from 'vitest';
import { isEngineError } from '#engine';
import { parseJsonName } from '../../src/console/options/json-name.ts';
import { MemoryHost } from '../console/memory-host.ts';
import { Random } from '../tools/random.ts';
import { makeSoundImage } from './sound-image.ts';

const SEEDS = Array.from({ length: 10 }, (_, index) => Number(process.env['FUZZ_SEED'] ?? 1) + index);

/** On a machine that is busy. */
const LONG = 60_000;

const COMMANDS = [
  'info',
  'check',
  'map',
  'create',
  'resize',
  'snapshot',
  'compare',
  'rebase',
  'convert',
  'dd',
  'commit',
];

/** Words that mean something somewhere, and words that mean nothing anywhere. */
const WORDS = [
  ...['image.qcow2', 'new.raw', 'missing', '', '-', '--', '-f', 'qcow2', 'raw', '-O', '-o', '-r', 'all', '-q', '-U'],
  ...['--output=json', '--output', 'human', '--image-opts', '-c', 's1', '-l', '-d', '-a', '-b', '-F', '-u', '-p', '-S'],
  ...['64k', '1M', '-1', '+1', '0x10', '0x', '1e3', '1.5k', '.5M', '9E', '99999999999999999999', '1Z', 'k', ' 4k'],
  ...['size=1M', 'cluster_size=3', 'cluster_size=64k,extended_l2=on', 'refcount_bits=', 'compat=0.10,,x', 'nocompat'],
  ...['driver=qcow2,file.filename=image.qcow2', 'file.driver=null-co', 'backing.driver=raw', '=', ',', ',,', '=,='],
  ...[
    'json:{}',
    'json:',
    'json:{"driver":"qcow2","file":{"driver":"file","filename":"image.qcow2"}}',
    "json:{'a':[1,{}]}",
  ],
  ...['json:{"driver":"raw","file":"x"}', 'json:[[[', 'json:{"__proto__":{"driver":"raw"}}', 'bs=1', 'if=image.qcow2'],
  ...['of=new.raw', 'count=2', 'skip=9999999999', '\0', '\ud800', '💽', '--object', 'secret,id=a,data=b', 'secret,id'],
];

describe('any command line', () => {
  it.each(SEEDS)(
    'ends with an exit code and words, seed %i',
    async (seed) => {
      const random = new Random(seed);
      const image = makeSoundImage(random).bytes;
      for (let count = 0; count < 60; count++) {
        const host = new MemoryHost();
        host.addFile('image.qcow2', image);
        const words = Array.from({ length: 1 + random.below(6) }, () => random.of(WORDS));
        const args = [random.of(COMMANDS), ...words];
        const { code, stdout, stderr } = await host.qemuImg(...args).catch((error: unknown) => {
          throw new Error(`qemu-img ${args.map((word) => JSON.stringify(word)).join(' ')}`, { cause: error });
        });
        if (code === 1 && !args.includes('-q')) expect(stdout + stderr, args.join(' ')).not.toBe('');
      }
    },
    LONG,
  );
});

describe('a json: name', () => {
  const PIECES = [
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    "'",
    '\\',
    '\\u12',
    'a',
    'driver',
    '1',
    '-',
    '1e999',
    'true',
    'null',
    ' ',
  ];

  it.each(SEEDS)('is understood or refused, seed %i', (seed) => {
    const random = new Random(seed);
    for (let count = 0; count < 500; count++) {
      const text = Array.from({ length: random.below(20) }, () => random.of(PIECES)).join('');
      mustParseOrRefuse(`json:${text}`);
      mustParseOrRefuse(`json:{"a":${text}}`);
    }
  });

  it.each(['[', '{"a":'])('is refused when it is nested without end: %s', (opening) => {
    const closing = opening === '[' ? ']' : '}';
    const nested = `json:{"a":${opening.repeat(50_000)}1${closing.repeat(50_000)}}`;
    expect(() => parseJsonName(nested)).toThrow('Could not parse the JSON options');
  });
});

function mustParseOrRefuse(name: string): void {
  try {
    parseJsonName(name);
  } catch (error) {
    if (!isEngineError(error, 'invalid-argument')) throw new Error(name, { cause: error });
  }
}
