import { expect, it } from 'vitest';
import { parseDestination } from '../../../../src/app/views/image/go-to-offset.ts';

it.each([
  ['0x30000', { kind: 'host', offset: 0x30000 }],
  ['196608', { kind: 'host', offset: 196608 }],
  ['196 608', { kind: 'host', offset: 196608 }],
  ['host:16', { kind: 'host', offset: 16 }],
  ['cluster:5', { kind: 'host', offset: 5 * 65536 }],
  ['Cluster:0x10', { kind: 'host', offset: 16 * 65536 }],
  ['guest:0x1000', { kind: 'guest', offset: 0x1000 }],
  ['+0x200', { kind: 'host', offset: 1512 }],
  ['-16', { kind: 'host', offset: 984 }],
  ['-5000', { kind: 'host', offset: 0 }],
  ['', null],
  ['L1', null],
  ['guest:+5', null],
  ['0x', null],
])('%j from 1000 leads to %j', (text, destination) => {
  expect(parseDestination(text, 1000, 65536)).toEqual(destination);
});
