import { expect, it } from 'vitest';
import { shellAction } from '../../../src/app/shell/keys.ts';

const press = (
  key: string,
  modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...modifiers,
});

it.each([
  [press('k', { ctrlKey: true }), false, 'palette'],
  [press('P', { ctrlKey: true, shiftKey: true }), false, 'palette'],
  [press('k', { metaKey: true }), false, 'palette'],
  [press('p', { ctrlKey: true }), false, null],
  [press('?', { shiftKey: true }), false, 'keys'],
  [press('g'), false, 'await-place'],
  [press('l'), true, 'go-library'],
  [press('i'), true, 'go-image'],
  [press('c'), true, 'go-lab'],
  [press('t'), true, 'go-console'],
  [press('l'), false, null],
  [press('x'), true, null],
  [press('g', { altKey: true }), false, null],
])('%j (after g: %s) means %s', (key, afterG, action) => expect(shellAction(key, afterG)).toBe(action));
