import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LAB_CACHE_MODES,
  PREPARED_SCENARIOS,
  decodeLabLink,
  encodeLabLink,
  type Crash,
  type GuestOperation,
  type LabLink,
} from '#protocol';

const bytes = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 40 }).map((n) => n * 512),
  fc.constantFrom(0, 4096, 2 ** 20, 2 ** 40),
);
const range = { at: bytes, length: bytes };
const operation: fc.Arbitrary<GuestOperation> = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), ...range }),
  fc.record({ kind: fc.constant('write-compressed' as const), ...range }),
  fc.record({ kind: fc.constant('write-zeroes' as const), ...range, unmap: fc.boolean() }),
  fc.record({ kind: fc.constant('discard' as const), ...range }),
  fc.constant({ kind: 'flush' as const }),
  fc.constant({ kind: 'close' as const }),
);
const crash: fc.Arbitrary<Crash> = fc.record({
  cut: fc.nat(1000),
  persisted: fc.oneof(
    fc.constantFrom('all' as const, 'none' as const),
    fc.uniqueArray(fc.nat(300)).map((list) => list.sort((a, b) => a - b)),
  ),
});
const link: fc.Arbitrary<LabLink> = fc.record({
  scenario: fc.record({
    image: fc.record({
      size: bytes,
      clusterSize: fc.constantFrom(512, 4096, 65536, 2 ** 21),
      refcountBits: fc.constantFrom(1, 16, 64),
      compat: fc.constantFrom('0.10' as const, '1.1' as const),
      lazyRefcounts: fc.boolean(),
      extendedL2: fc.boolean(),
      backing: fc.boolean(),
      prepare: fc.array(operation, { maxLength: 5 }),
    }),
    cacheMode: fc.constantFrom(...LAB_CACHE_MODES),
    disk: fc.record({
      cache: fc.constantFrom('volatile' as const, 'write-through' as const),
      atomicUnit: fc.constantFrom(512 as const, 4096 as const, 16384 as const, 'write' as const),
      order: fc.constantFrom('any' as const, 'in-order' as const),
    }),
    operations: fc.array(operation, { maxLength: 10 }),
  }),
  imageId: fc.oneof(fc.constant(null), fc.string({ minLength: 1, unit: 'grapheme' })),
  crashes: fc.array(crash, { maxLength: 3 }),
});

describe('a link to the lab', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(link, (value) => {
        expect(decodeLabLink(encodeLabLink(value))).toEqual(value);
      }),
    );
  });

  it('survives a URL fragment', () => {
    fc.assert(
      fc.property(link, (value) => {
        const text = encodeLabLink(value);
        const { hash } = new URL(`https://example.org/#/lab?s=${text}`);
        expect(new URLSearchParams(hash.slice(hash.indexOf('?'))).get('s')).toBe(
          new URLSearchParams(`s=${text}`).get('s'),
        );
      }),
    );
  });

  it.each(PREPARED_SCENARIOS.map((prepared) => [prepared.name, prepared] as const))(
    'is short for %s',
    (_, prepared) => {
      const crashes: Crash[] = [{ cut: 12, persisted: [0, 1, 2, 5, 7, 9, 10] }];
      expect(encodeLabLink({ scenario: prepared.scenario, imageId: null, crashes }).length).toBeLessThanOrEqual(200);
    },
  );

  it('can be read', () => {
    const { scenario } = PREPARED_SCENARIOS[0]!;
    expect(encodeLabLink({ scenario, imageId: null, crashes: [{ cut: 12, persisted: [0, 1, 2, 8] }] })).toBe(
      'v1~1M.4K.16.v3.lazy~writeback~any.512~w0.4K-f-w4K.4K-w8K.4K-f-x~~12.0-2,8',
    );
  });

  it.each(['', 'v2~', 'v1', 'v1~1M', 'v1~1M.4K.16.v9~writeback~any.512~~', 'v1~1M.4K.16.v3~fast~any.512~~'])(
    'is nothing when it says %j',
    (text) => expect(decodeLabLink(text)).toBeNull(),
  );

  it('never throws, whatever the address says', () => {
    fc.assert(
      fc.property(link, fc.nat(), fc.string({ maxLength: 3 }), (value, position, junk) => {
        const text = encodeLabLink(value);
        const at = position % text.length;
        decodeLabLink(text.slice(0, at) + junk + text.slice(at + 1));
      }),
    );
  });

  it('refuses a list of atoms that would fill the memory', () => {
    expect(decodeLabLink('v1~1M.4K.16.v3~writeback~any.512~~~1.0-9999999999')).toBeNull();
  });
});
