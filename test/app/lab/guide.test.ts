import { describe, expect, it } from 'vitest';
import { Guide } from '../../../src/app/views/lab/guide.svelte.ts';
import { GUIDE, type GuideFacts } from '../../../src/app/views/lab/guide.ts';

const cutAt = (cut: number, more: Partial<GuideFacts> = {}): GuideFacts => ({
  isCut: true,
  cut,
  actIndex: 0,
  isAtEnd: false,
  kept: [],
  lost: ['data', 'l2'],
  ...more,
});

describe('the guide', () => {
  it('notices that everything cached was kept', () => {
    const guide = new Guide();
    guide.goTo(0);
    guide.note(cutAt(3));
    expect(guide.isDone).toBe(false);
    guide.note(cutAt(3, { kept: ['data', 'l2'], lost: [] }));
    expect(guide.isDone).toBe(true);
  });

  it('stays done when somebody moves on', () => {
    const guide = new Guide();
    guide.goTo(2);
    guide.note(cutAt(5, { kept: ['data'], lost: ['l2'] }));
    expect(guide.isDone).toBe(false);
    guide.note(cutAt(5, { kept: ['l2'], lost: ['data'] }));
    guide.note(cutAt(6));
    expect(guide.isDone).toBe(true);
  });

  it('wants several moments tried, not one several times', () => {
    const guide = new Guide();
    guide.goTo(1);
    for (const cut of [3, 3, 4, 4, 5]) guide.note(cutAt(cut));
    expect(guide.isDone).toBe(false);
    guide.note(cutAt(6));
    expect(guide.isDone).toBe(true);
  });

  it('begins each step anew', () => {
    const guide = new Guide();
    guide.goTo(0);
    guide.note(cutAt(3, { kept: ['data', 'l2'], lost: [] }));
    guide.goTo(1);
    expect(guide.isDone).toBe(false);
  });

  it('is over when there is no step', () => {
    const guide = new Guide();
    guide.goTo(GUIDE.length);
    expect(guide.current).toBeNull();
    guide.goTo(null);
    guide.note(cutAt(1));
    expect(guide.current).toBeNull();
  });
});
