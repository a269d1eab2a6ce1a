import { describe, expect, it, vi } from 'vitest';
import { chosen, completed, stepped } from '../../../src/app/state/terminal/completion-menu.ts';
import { consoleAction } from '../../../src/app/state/terminal/console-keys.ts';
import {
  historyText,
  keepInHistory,
  loadHistory,
  remember,
  searchBack,
} from '../../../src/app/state/terminal/history.ts';
import { pastedLines } from '../../../src/app/state/terminal/pasted-lines.ts';
import { linkedParts, namePattern } from '../../../src/app/views/console/link-names.ts';

describe('history', () => {
  it('keeps neither empty nor repeated lines, nor those with a space before them', () => {
    expect(['a', 'a', '', ' b', 'c', 'a'].reduce(remember, [] as readonly string[])).toEqual(['a', 'c', 'a']);
  });

  it('is searched backwards', () => {
    const history = ['qemu-img info a', 'ls', 'qemu-img check a'];
    expect(searchBack(history, 'qemu', 3)).toBe(2);
    expect(searchBack(history, 'qemu', 2)).toBe(0);
    expect(searchBack(history, 'qemu', 0)).toBeNull();
    expect(searchBack(history, '', 3)).toBeNull();
  });

  it('is numbered when it is printed', () => {
    expect(historyText(['ls'])).toBe('    1  ls\n');
  });
});

describe('the history of the next visit', () => {
  /** What two tabs store in one place; each sees what the other stored only after `meet`. */
  function twoTabs() {
    const tabs = [new TabStorage(), new TabStorage()] as const;
    const meet = () => {
      const changes = tabs.flatMap((tab) => tab.changes.splice(0));
      for (const tab of tabs) for (const change of changes) change(tab.items);
    };
    return { tabs, meet };
  }

  class TabStorage {
    readonly items = new Map<string, string>();
    readonly changes: ((items: Map<string, string>) => void)[] = [];
    #names: readonly string[] = [];

    get length(): number {
      return this.items.size;
    }

    key(index: number): string | null {
      // Asked for one after the other: the names are listed once for all.
      if (index === 0) this.#names = [...this.items.keys()];
      return this.#names[index] ?? null;
    }

    getItem(key: string): string | null {
      return this.items.get(key) ?? null;
    }

    setItem(key: string, value: string): void {
      this.#change((items) => items.set(key, value));
    }

    removeItem(key: string): void {
      this.#change((items) => items.delete(key));
    }

    #change(change: (items: Map<string, string>) => void): void {
      change(this.items);
      this.changes.push(change);
    }
  }

  it('has the lines of two tabs though neither saw the other store', () => {
    const { tabs, meet } = twoTabs();
    keepInHistory('first', tabs[0]);
    meet();
    keepInHistory('of one', tabs[0]);
    keepInHistory('of the other', tabs[1]);
    meet();
    expect(loadHistory(tabs[0])).toEqual(loadHistory(tabs[1]));
    expect(loadHistory(tabs[0])[0]).toBe('first');
    expect([...loadHistory(tabs[0])].sort()).toEqual(['first', 'of one', 'of the other']);
  });

  it('keeps lines in the order they were given, a thousand of them, beside what else is stored', () => {
    const storage = new TabStorage();
    storage.setItem('theme', 'dark');
    const lines = Array.from({ length: 1100 }, (_, index) => `ls ${index}`);
    for (const line of lines) keepInHistory(line, storage);
    expect(loadHistory(storage)).toEqual(lines.slice(-1000));
    expect(storage.length).toBe(1001);
    expect(storage.getItem('theme')).toBe('dark');
  });

  it('puts a line after the last one though the clock was set back', () => {
    vi.useFakeTimers({ now: 2_000_000_000_000 });
    const storage = new TabStorage();
    keepInHistory('before', storage);
    vi.setSystemTime(1_900_000_000_000);
    keepInHistory('after', storage);
    vi.useRealTimers();
    expect(loadHistory(storage)).toEqual(['before', 'after']);
  });

  it('stays within what a page may store', () => {
    const storage = new TabStorage();
    keepInHistory('x'.repeat(4097), storage);
    keepInHistory(' secret', storage);
    keepInHistory('', storage);
    expect(loadHistory(storage)).toEqual([]);
  });
});

describe('keys', () => {
  const press = (key: string, held: Partial<Record<'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey', true>> = {}) => ({
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    shiftKey: false,
    ...held,
    key,
  });

  it.each([
    [press('Enter'), { kind: 'submit' }],
    [press('a', { ctrlKey: true }), { kind: 'edit', edit: 'to-start' }],
    [press('b', { altKey: true }), { kind: 'edit', edit: 'word-left' }],
    [press('c', { ctrlKey: true }), { kind: 'interrupt' }],
    [press('Tab', { shiftKey: true }), { kind: 'complete-back' }],
    [press('PageUp'), { kind: 'page-up' }],
    [press('PageUp', { shiftKey: true }), { kind: 'page-up' }],
    [press('PageDown', { shiftKey: true }), { kind: 'page-down' }],
    [press('ArrowUp', { shiftKey: true }), null],
    [press('C', { ctrlKey: true, shiftKey: true }), null],
    [press('c', { metaKey: true }), null],
    [press('a'), null],
    [press('Home'), null],
  ])('%j', (key, action) => expect(consoleAction(key, false)).toEqual(action));

  it('give Ctrl+D two meanings', () => {
    const d = press('d', { ctrlKey: true });
    expect(consoleAction(d, true)).toEqual({ kind: 'end-input' });
    expect(consoleAction(d, false)).toEqual({ kind: 'edit', edit: 'delete' });
  });
});

describe('pasted text', () => {
  it('is lines to be run and a rest to be edited', () => {
    expect(pastedLines('a\r\nb\nc')).toEqual({ lines: ['a', 'b'], rest: 'c' });
    expect(pastedLines('qemu-img \\\n   info a\n')).toEqual({ lines: ['qemu-img info a'], rest: '' });
  });
});

describe('completion', () => {
  const typed = { text: 'qemu-img co a', cursor: 11, killed: '' };
  const of = (...texts: string[]) => ({
    from: 9,
    to: 11,
    candidates: texts.map((text) => ({ text, label: text, about: null })),
  });

  it('takes the only candidate, without doubling the blank', () => {
    expect(completed(typed, of('commit ')).line).toMatchObject({ text: 'qemu-img commit a', cursor: 15 });
  });

  it('takes what all have in common, then goes round', () => {
    const { line, menu } = completed(typed, of('comm1 ', 'comm2 '));
    expect(line).toMatchObject({ text: 'qemu-img comm a', cursor: 13 });
    const one = stepped(menu!, 1);
    expect(one.line.text).toBe('qemu-img comm1 a');
    const two = stepped(one.menu, 1);
    expect(two.line.text).toBe('qemu-img comm2 a');
    expect(stepped(two.menu, 1).line.text).toBe('qemu-img comm1 a');
    expect(stepped(menu!, -1).line.text).toBe('qemu-img comm2 a');
    expect(chosen(menu!, 1).line.text).toBe('qemu-img comm2 a');
  });

  it('leaves the line where there is nothing', () => {
    expect(completed(typed, of())).toEqual({ line: typed, menu: null });
  });
});

describe('names in output', () => {
  const pattern = namePattern(['a.qcow2', 'a 2.qcow2', 'a.qcow2.bak', 'x+y(1)']);
  const linked = (text: string) =>
    linkedParts(text, pattern, (name) => `#${name}`)
      .filter(({ href }) => href !== null)
      .map((part) => part.text);

  it('are found as words of their own', () => {
    expect(linked("Formatting 'a.qcow2', fmt=qcow2")).toEqual(['a.qcow2']);
    expect(linked('image: a 2.qcow2\nimage: x+y(1)\n')).toEqual(['a 2.qcow2', 'x+y(1)']);
    expect(linked('aa.qcow2 a.qcow2.tmp /a.qcow2 a.qcow2.bak')).toEqual(['a.qcow2.bak']);
  });

  it('keep the text whole', () => {
    const text = 'a.qcow2 and a.qcow2';
    expect(
      linkedParts(text, pattern, () => null)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
    expect(linkedParts(text, namePattern([]), () => null)).toEqual([{ text, href: null }]);
  });
});
