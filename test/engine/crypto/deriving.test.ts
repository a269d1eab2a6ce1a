import { pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveNow, deriveWith, pbkdf2InScript, type Deriving } from '../../../src/engine/crypto/deriving.ts';
import { digest, digestSize, HASH_NAMES, isHashName } from '../../../src/engine/crypto/hashes.ts';

const textOf = (text: string) => new TextEncoder().encode(text);
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('pbkdf2InScript', () => {
  it.each([
    ['password', 'salt', 1, 20, '0c60c80f961f0e71f3a9b524af6012062fe037a6'],
    ['password', 'salt', 4096, 20, '4b007901b765489abead49d926f721d065a429c1'],
    ['pass\0word', 'sa\0lt', 4096, 16, '56fa6aa75548099dcc37d7f03425e0c3'],
  ])('derives the vector of RFC 6070: %j, %j, %i', (password, salt, iterations, length, expected) => {
    const request = { hash: 'sha1', password: textOf(password), salt: textOf(salt), iterations, length } as const;
    expect(hexOf(pbkdf2InScript(request))).toBe(expected);
  });

  it.each(HASH_NAMES)('agrees with Node for %s', (hash) => {
    const [password, salt] = [textOf('a long passphrase with ü'), textOf('0123456789abcdef0123456789abcdef')];
    const key = pbkdf2InScript({ hash, password, salt, iterations: 77, length: 64 });
    expect(hexOf(key)).toBe(hexOf(pbkdf2Sync(password, salt, 77, 64, hash)));
  });
});

describe('deriving', () => {
  function* sumOfTwo(): Deriving<number> {
    const request = { hash: 'sha256', password: textOf('p'), salt: textOf('s'), iterations: 1, length: 1 } as const;
    const first = yield request;
    const second = yield { ...request, iterations: 2 };
    return first[0]! + second[0]!;
  }

  it('gives each request its key, at once or later', async () => {
    const answer = ({ iterations }: { iterations: number }) => Uint8Array.of(iterations * 10);
    expect(deriveNow(sumOfTwo(), answer)).toBe(30);
    expect(await deriveWith(sumOfTwo(), (request) => Promise.resolve(answer(request)))).toBe(30);
  });
});

describe('hashes', () => {
  it('digest as long as they say', () => {
    for (const name of HASH_NAMES) expect(digest(name, textOf('x'))).toHaveLength(digestSize(name));
  });

  it('are known by their name only', () => {
    expect(['sha256', 'toString', 'whirlpool'].filter(isHashName)).toEqual(['sha256']);
  });
});
