import { expect, it } from 'vitest';
import { freeName } from '../../../src/app/state/free-name.ts';

it('keeps a free name', () => expect(freeName('a.qcow2', ['b.qcow2'])).toBe('a.qcow2'));
it('counts up before the extension', () => expect(freeName('a.qcow2', ['a.qcow2', 'a 2.qcow2'])).toBe('a 3.qcow2'));
it('starts counting at two, also from a numbered name', () => {
  expect(freeName('a 7.qcow2', ['a 7.qcow2'])).toBe('a 2.qcow2');
});
it('works without an extension', () => expect(freeName('disk', ['disk'])).toBe('disk 2'));
