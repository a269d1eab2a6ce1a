import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { inflateSync as fflateInflate } from 'fflate';
import { Inflate } from 'pako';
import { describe, expect, it } from 'vitest';
import { deflateRaw, inflateRaw } from '#engine';
import { GuardedRoom, mixedSample, randomOf, sample, SAMPLE_KINDS, type SampleKind } from './sample-data.ts';
import { SEED } from '../../tools/seed.ts';

const KINDS = Object.keys(SAMPLE_KINDS) as SampleKind[];
const LENGTHS = [0, 1, 2, 3, 4, 5, 100, 511, 4096, 65_535, 65_536, 300_000];

describe(`deflateRaw, seed ${SEED}`, () => {
  it.each(KINDS)('writes what zlib, pako, fflate and inflateRaw read: %s', (kind) => {
    const random = randomOf(SEED);
    for (const length of LENGTHS) {
      const content = sample(kind, length, random);
      const stream = compressed(content, length + 100);
      // A reader with a 12-bit window refuses distances above 4096.
      expectSame(inflateRawSync(stream, { windowBits: 12 }), content, `zlib, ${length}`);
      expectSame(pakoInflate(stream), content, `pako, ${length}`);
      expectSame(fflateInflate(stream), content, `fflate, ${length}`);
      const output = new Uint8Array(length);
      expect(inflateRaw(stream, output)).toBe(length);
      expectSame(output, content, `inflateRaw, ${length}`);
    }
  });

  it('writes what zlib reads for content of mixed kinds', () => {
    const random = randomOf(SEED);
    for (let round = 0; round < 150; round++) {
      const content = mixedSample(random(1 << random(18)), random);
      const stream = compressed(content, content.length + 100);
      expectSame(inflateRawSync(stream, { windowBits: 12 }), content, `round ${round}`);
    }
  });

  it('gives the same stream whatever was compressed before', () => {
    const random = randomOf(SEED);
    const content = sample('words', 65_536, random);
    const first = compressed(content, 65_536);
    for (const kind of KINDS) compressed(sample(kind, 10_000 + random(100_000), random), 300_000);
    expectSame(compressed(content, 65_536), first, 'second time');
  });

  it.each(KINDS)('is as small as zlib with the same window, or smaller: %s', (kind) => {
    const content = sample(kind, 65_536, randomOf(1));
    const theirs = deflateRawSync(content, { level: 6, windowBits: 12, memLevel: 9 });
    expect(compressed(content, 70_000).length / theirs.length).toBeLessThan(1.01);
  });

  it('stores what cannot be made smaller, with 5 bytes for each 65,535', () => {
    const random = randomOf(SEED);
    expect(compressed(sample('noise', 1000, random), 2000)).toHaveLength(1005);
    expect(compressed(sample('noise', 65_535, random), 70_000)).toHaveLength(65_540);
  });

  it.each(KINDS)('is null exactly when the stream is longer than the output: %s', (kind) => {
    const content = sample(kind, 20_000, randomOf(SEED));
    const { length } = compressed(content, 30_000);
    const exact = new GuardedRoom(length);
    expect(deflateRaw(content, exact.room)).toBe(length);
    expect(exact.isIntact).toBe(true);
    for (const lengthMax of [length - 1, length >> 1, 1, 0]) {
      const tooSmall = new GuardedRoom(lengthMax);
      expect(deflateRaw(content, tooSmall.room), `${lengthMax}`).toBe(null);
      expect(tooSmall.isUntouched).toBe(true);
    }
  });
});

function compressed(content: Uint8Array, lengthMax: number): Uint8Array {
  const target = new GuardedRoom(lengthMax);
  const length = deflateRaw(content, target.room);
  expect(target.isIntact).toBe(true);
  expect(length).not.toBe(null);
  return target.room.slice(0, length!);
}

function pakoInflate(stream: Uint8Array): Uint8Array {
  const inflate = new Inflate({ raw: true, windowBits: 12 });
  inflate.push(stream, true);
  expect(inflate.err).toBe(0);
  return inflate.result as Uint8Array;
}

function expectSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  expect(Buffer.compare(actual, expected), what).toBe(0);
}
