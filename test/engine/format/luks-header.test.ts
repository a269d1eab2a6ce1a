import { expect, it } from 'vitest';
import {
  decodeLuksHeader,
  encodeLuksHeader,
  LUKS_HEADER_SIZE,
  luksCipherOf,
} from '../../../src/engine/format/luks-header.ts';

function headerWith(cipherMode: string, keyBytes: number): Uint8Array {
  const bytes = new Uint8Array(LUKS_HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('LUKS'), 0);
  bytes.set(Buffer.from('aes'), 8);
  bytes.set(Buffer.from(cipherMode), 40);
  bytes.set(Buffer.from('sha256'), 72);
  bytes.set(Buffer.from('41c1a2cd-4115-4ba1-be43-274bf964782a'), 168);
  view.setUint32(104, 4040);
  view.setUint32(108, keyBytes);
  view.setUint32(208 + 48, 0x00ac71f3);
  view.setUint32(208 + 48 + 40, 512);
  return bytes;
}

it('decodes names, numbers and key slots of a LUKS header', () => {
  const header = decodeLuksHeader(headerWith('xts-plain64', 64));
  expect(header).toMatchObject({
    cipherName: 'aes',
    hash: 'sha256',
    uuid: '41c1a2cd-4115-4ba1-be43-274bf964782a',
    payloadOffset: 4040,
  });
  expect(header.keySlots.map(({ state }) => state).indexOf('active')).toBe(1);
  expect(header.keySlots[1]!.keyOffset).toBe(262144);
});

it('encodes what it decoded', () => {
  const bytes = headerWith('cbc-essiv:sha256', 32);
  bytes.fill(7, 112, 164);
  for (let slot = 0; slot < 8; slot++) {
    new DataView(bytes.buffer).setUint32(208 + slot * 48, slot === 1 ? 0x00ac71f3 : 0x0000dead);
    bytes.fill(slot, 208 + slot * 48 + 8, 208 + slot * 48 + 40);
  }
  expect(encodeLuksHeader(decodeLuksHeader(bytes))).toEqual(bytes);
});

it.each([
  ['xts-plain64', 64, { cipher: 'aes-256', mode: 'xts', ivgen: 'plain64', ivgenHash: null }],
  ['cbc-essiv:sha256', 32, { cipher: 'aes-256', mode: 'cbc', ivgen: 'essiv', ivgenHash: 'sha256' }],
  ['ecb', 16, { cipher: 'aes-128', mode: 'ecb', ivgen: '', ivgenHash: null }],
])('names the cipher of %s with a key of %i bytes', (mode, keyBytes, expected) => {
  expect(luksCipherOf(decodeLuksHeader(headerWith(mode, keyBytes)))).toEqual(expected);
});
