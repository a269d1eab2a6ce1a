import { decompress as fzstdDecompress } from 'fzstd';
import { describe, expect, it } from 'vitest';
import { zstdCompress, zstdDecompress } from '#engine';
import { GuardedRoom, mixedSample, randomOf, sample, SAMPLE_KINDS, type SampleKind } from '../sample-data.ts';
import { SEED } from '../../../tools/seed.ts';

const KINDS = Object.keys(SAMPLE_KINDS) as SampleKind[];
const LENGTHS = [0, 1, 2, 3, 4, 5, 31, 63, 64, 255, 256, 1023, 1024, 4096, 65_536, 65_792, 131_073, 300_000];

describe(`zstdCompress, seed ${SEED}`, () => {
  it.each(KINDS)('writes what fzstd and zstdDecompress read: %s', (kind) => {
    const random = randomOf(SEED);
    for (const length of LENGTHS) expectReadable(sample(kind, length, random), `${length} bytes`);
  });

  it('writes what they read for content of mixed kinds', () => {
    const random = randomOf(SEED);
    for (let round = 0; round < 150; round++)
      expectReadable(mixedSample(random(1 << random(19)), random), `round ${round}`);
  });

  it('writes what they read for 2 MiB, sixteen blocks', () => {
    expectReadable(mixedSample(1 << 21, randomOf(SEED)), '2 MiB');
  });

  it('really compresses', () => {
    const random = randomOf(SEED);
    const ratio = (kind: SampleKind) => compressed(sample(kind, 65_536, random)).length / 65_536;
    expect(ratio('zeros')).toBeLessThan(0.001);
    expect(ratio('words')).toBeLessThan(0.5);
    expect(ratio('table entries')).toBeLessThan(0.25);
    expect(ratio('skewed bytes')).toBeLessThan(0.9);
  });

  it('stores noise with little more than a frame header', () => {
    expect(compressed(sample('noise', 65_536, randomOf(SEED)))).toHaveLength(65_536 + 7 + 3);
  });

  it('gives the same frame whatever was compressed before', () => {
    const random = randomOf(SEED);
    const content = sample('words', 65_536, random);
    const first = compressed(content);
    for (const kind of KINDS) compressed(sample(kind, 10_000 + random(200_000), random));
    expect(Buffer.compare(compressed(content), first)).toBe(0);
  });

  it.each(KINDS)('is null exactly when the frame is longer than the output: %s', (kind) => {
    const content = sample(kind, 20_000, randomOf(SEED));
    const { length } = compressed(content);
    const exact = new GuardedRoom(length);
    expect(zstdCompress(content, exact.room)).toBe(length);
    expect(exact.isIntact).toBe(true);
    for (const lengthMax of [length - 1, length >> 1, 1, 0]) {
      const tooSmall = new GuardedRoom(lengthMax);
      expect(zstdCompress(content, tooSmall.room), `${lengthMax}`).toBe(null);
      expect(tooSmall.isUntouched).toBe(true);
    }
  });
});

function compressed(content: Uint8Array): Uint8Array {
  const target = new GuardedRoom(content.length + 100);
  const length = zstdCompress(content, target.room);
  expect(target.isIntact).toBe(true);
  expect(length).not.toBe(null);
  return target.room.slice(0, length!);
}

function expectReadable(content: Uint8Array, what: string): void {
  const frame = compressed(content);
  expect(Buffer.compare(fzstdDecompress(frame), content), `fzstd, ${what}`).toBe(0);
  const output = new Uint8Array(content.length);
  expect(zstdDecompress(frame, output), what).toBe(content.length);
  expect(Buffer.compare(output, content), `zstdDecompress, ${what}`).toBe(0);
}
