import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';

test.describe('the build', () => {
  const dist = join(import.meta.dirname, '../dist');
  const files = () => (existsSync(dist) ? (readdirSync(dist, { recursive: true }) as string[]) : []);
  const texts = () =>
    files()
      .filter((name) => /\.(js|css|html|svg|webmanifest)$/.test(name))
      .map((name) => ({ name, text: readFileSync(join(dist, name), 'utf8') }));

  test('contains no WebAssembly and nothing that makes code from text', () => {
    expect(files()).toContain('index.html');
    expect(files().filter((name) => name.endsWith('.wasm'))).toEqual([]);
    const suspects = texts().flatMap(({ name, text }) =>
      // The word alone may stand in a sentence; used, it is followed by a member. "AGFzbQ" is how a module's first bytes look in base64.
      [...text.matchAll(/WebAssembly\s*[.[]|AGFzbQ|\beval\(|new Function\(/g)].map(([match]) => `${name}: ${match}`),
    );
    expect(suspects).toEqual([]);
  });

  test('names no other origin', () => {
    // Names of XML vocabularies and the pages that Svelte's error messages point to; nothing is fetched from either.
    const names = /^https?:\/\/(www\.w3\.org\/|svelte\.dev\/e\/)/;
    const addresses = texts().flatMap(({ name, text }) =>
      [...text.matchAll(/\bhttps?:\/\/[^\s"'`)<>\\]+/g)].map(([address]) => ({ name, address })),
    );
    expect(addresses.filter(({ address }) => !names.test(address))).toEqual([]);
  });
});
