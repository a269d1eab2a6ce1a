import { createCipheriv, getCiphers } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aesMode, CIPHER_MODES, type CipherModeName } from '../../../src/engine/crypto/cipher-modes.ts';
import { randomOf, type Random } from '../codec/sample-data.ts';
import { SEED } from '../../tools/seed.ts';

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const noise = (random: Random, length: number) => Uint8Array.from({ length }, () => random(256));

function encrypted(mode: CipherModeName, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const words = new Int32Array(Uint8Array.from(bytes).buffer);
  aesMode(mode, key).encrypt(words, 0, words.length, new Int32Array(Uint8Array.from(iv).buffer));
  return new Uint8Array(words.buffer);
}

function decrypted(mode: CipherModeName, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const words = new Int32Array(Uint8Array.from(bytes).buffer);
  aesMode(mode, key).decrypt(words, 0, words.length, new Int32Array(Uint8Array.from(iv).buffer));
  return new Uint8Array(words.buffer);
}

describe('AES', () => {
  const PLAIN = '00112233445566778899aabbccddeeff';

  it.each([
    ['FIPS 197, C.1', '000102030405060708090a0b0c0d0e0f', '69c4e0d86a7b0430d8cdb78070b4c55a'],
    ['FIPS 197, C.2', '000102030405060708090a0b0c0d0e0f1011121314151617', 'dda97ca4864cdfe06eaf70a0ec0d7191'],
    [
      'FIPS 197, C.3',
      '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      '8ea2b7ca516745bfeafc49904b496089',
    ],
  ])('encrypts and decrypts the vector of %s', (_, key, cipher) => {
    const iv = new Uint8Array(16);
    expect(hexOf(encrypted('ecb', bytesOf(key), iv, bytesOf(PLAIN)))).toBe(cipher);
    expect(hexOf(decrypted('ecb', bytesOf(key), iv, bytesOf(cipher)))).toBe(PLAIN);
  });
});

describe(`the modes, seed ${SEED}`, () => {
  it.each([
    {
      name: 'IEEE 1619, vector 1',
      key: '00'.repeat(32),
      iv: '00'.repeat(16),
      plain: '00'.repeat(32),
      cipher: '917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e',
    },
    {
      name: 'IEEE 1619, vector 2',
      key: '11'.repeat(16) + '22'.repeat(16),
      iv: '3333333333' + '00'.repeat(11),
      plain: '44'.repeat(32),
      cipher: 'c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0',
    },
  ])('encrypts $name', ({ key, iv, plain, cipher }) => {
    expect(hexOf(encrypted('xts', bytesOf(key), bytesOf(iv), bytesOf(plain)))).toBe(cipher);
    expect(hexOf(decrypted('xts', bytesOf(key), bytesOf(iv), bytesOf(cipher)))).toBe(plain);
  });

  it('encrypts the CBC vector of NIST SP 800-38A, F.2.1', () => {
    const cipher = encrypted(
      'cbc',
      bytesOf('2b7e151628aed2a6abf7158809cf4f3c'),
      bytesOf('000102030405060708090a0b0c0d0e0f'),
      bytesOf('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51'),
    );
    expect(hexOf(cipher)).toBe('7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2');
  });

  const CASES = CIPHER_MODES.flatMap((mode) =>
    [128, 192, 256].map((bits) => ({ mode, bits, node: `aes-${bits}-${mode}` })),
  );
  it.each(CASES.filter(({ node }) => getCiphers().includes(node)))(
    'agree with Node for $node',
    ({ mode, bits, node }) => {
      const random = randomOf(SEED);
      for (let round = 0; round < 50; round++) {
        const key = noise(random, (bits / 8) * (mode === 'xts' ? 2 : 1));
        // A counter about to overflow is the hard case.
        const iv = round % 2 === 0 ? noise(random, 16) : new Uint8Array(16).fill(255);
        const plain = noise(random, 16 * (1 + random(40)));
        const cipher = createCipheriv(node, key, mode === 'ecb' ? null : iv).setAutoPadding(false);
        const expected = Buffer.concat([cipher.update(plain), cipher.final()]);
        expect(Buffer.compare(encrypted(mode, key, iv, plain), expected), `round ${round}`).toBe(0);
        expect(Buffer.compare(decrypted(mode, key, iv, expected), plain), `round ${round}`).toBe(0);
      }
    },
  );

  it.each(CIPHER_MODES)('%s with a key of 192 bits gives back what it took', (mode) => {
    const random = randomOf(SEED);
    const key = noise(random, mode === 'xts' ? 48 : 24);
    const [iv, plain] = [noise(random, 16), noise(random, 512)];
    expect(decrypted(mode, key, iv, encrypted(mode, key, iv, plain))).toEqual(plain);
  });
});
