import { describe, expect, it } from 'vitest';
import { Toasts } from '../../../src/app/state/toasts.svelte.ts';

describe('Toasts', () => {
  it('say the same error once, and again after it was dismissed', () => {
    const toasts = new Toasts();
    toasts.error('gone');
    toasts.error('gone');
    toasts.error('full');
    expect(toasts.list.map(({ message }) => message)).toEqual(['gone', 'full']);
    toasts.dismiss(toasts.list[0]!.id);
    toasts.error('gone');
    expect(toasts.list.map(({ message }) => message)).toEqual(['full', 'gone']);
  });
});
