import { describe, expect, it } from 'vitest';
import type { Completion } from '#protocol';
import type { KeyPress } from '../../../src/app/state/terminal/console-keys.ts';
import { PromptLine, type LineField } from '../../../src/app/state/terminal/prompt.svelte.ts';

/** A line with its field and a shell whose completions come when the test says so. */
class Typist {
  readonly given: string[] = [];
  interrupts = 0;
  readonly shell;
  readonly line: PromptLine;
  #cursor = 0;
  #answer: ((completion: Completion) => void) | null = null;

  constructor() {
    this.shell = {
      draft: '',
      recallable: ['earlier'],
      complete: () => new Promise<Completion>((resolve) => (this.#answer = resolve)),
      give: (lines: readonly string[]) => void this.given.push(...lines),
      interrupt: () => void this.interrupts++,
      endInput: () => undefined,
      clear: () => undefined,
    };
    this.line = new PromptLine(this.shell, { page: () => undefined, changed: () => undefined });
    const cursor = () => this.#cursor;
    const field: LineField = {
      get cursor() {
        return cursor();
      },
      get selectionEnd() {
        return cursor();
      },
      show: (line) => (this.#cursor = line.cursor),
    };
    this.line.field = field;
  }

  /** Characters as a browser delivers them: it asks first, then changes the field and tells. */
  type(text: string): void {
    for (const character of text) {
      if (this.line.isHolding) this.line.hold('insertText', character);
      else {
        const { draft } = this.shell;
        const value = draft.slice(0, this.#cursor) + character + draft.slice(this.#cursor);
        this.#cursor++;
        this.line.typed(value);
      }
    }
  }

  press(key: string, held: Partial<KeyPress> = {}): boolean {
    const none = { ctrlKey: false, altKey: false, metaKey: false, shiftKey: false };
    return this.line.press({ ...none, ...held, key }, { isTextSelected: false });
  }

  async answer(...texts: string[]): Promise<void> {
    const from = this.shell.draft.lastIndexOf(' ') + 1;
    const candidates = texts.map((text) => ({ text, label: text, about: null }));
    this.#answer!({ from, to: this.#cursor, candidates });
    await Promise.resolve();
    await Promise.resolve();
  }
}

describe('the line of the console, while a completion is on its way', () => {
  it('holds what is typed back until it is there', async () => {
    const typist = new Typist();
    typist.type('info a');
    typist.press('Tab');
    typist.type('-x');
    expect(typist.shell.draft).toBe('info a');
    await typist.answer('a.qcow2 ');
    expect(typist.shell.draft).toBe('info a.qcow2 -x');
  });

  it('keeps keys and characters in their order', async () => {
    const typist = new Typist();
    typist.type('info a');
    typist.press('Tab');
    typist.type('xy');
    typist.line.hold('deleteContentBackward', null);
    typist.press('Home');
    typist.type('qemu-img ');
    typist.press('e', { ctrlKey: true });
    typist.type('z');
    typist.press('Enter');
    typist.type('next');
    await typist.answer('a.qcow2 ');
    expect(typist.given).toEqual(['qemu-img info a.qcow2 xz']);
    expect(typist.shell.draft).toBe('next');
  });

  it('waits again at a second Tab', async () => {
    const typist = new Typist();
    typist.type('che');
    typist.press('Tab');
    typist.type('a');
    typist.press('Tab');
    typist.press('Enter');
    await typist.answer('check ');
    expect(typist.shell.draft).toBe('check a');
    expect(typist.given).toEqual([]);
    await typist.answer('a.qcow2 ');
    expect(typist.given).toEqual(['check a.qcow2 ']);
  });

  it('steps through several candidates by the Tabs that came early', async () => {
    const typist = new Typist();
    typist.type('info ');
    typist.press('Tab');
    typist.press('Tab');
    typist.press('Tab');
    await typist.answer('a', 'b');
    expect(typist.shell.draft).toBe('info b');
  });

  it('is given up by Ctrl+C, with what was typed ahead', async () => {
    const typist = new Typist();
    typist.type('info a');
    typist.press('Tab');
    typist.type('xyz');
    typist.press('c', { ctrlKey: true });
    expect(typist.interrupts).toBe(1);
    typist.shell.draft = '';
    typist.type('ls');
    await typist.answer('a.qcow2 ');
    expect(typist.shell.draft).toBe('ls');
  });

  it('leaves a line alone that somebody else has put there', async () => {
    const typist = new Typist();
    typist.type('info a');
    typist.press('Tab');
    typist.shell.draft = 'another line';
    await typist.answer('a.qcow2 ');
    expect(typist.shell.draft).toBe('another line');
  });

  it('holds pasted lines back too', async () => {
    const typist = new Typist();
    typist.type('info a');
    typist.press('Tab');
    expect(typist.line.paste('-x\nls')).toBe(true);
    expect(typist.given).toEqual([]);
    await typist.answer('a.qcow2 ');
    expect(typist.given).toEqual(['info a.qcow2 -x']);
    expect(typist.shell.draft).toBe('ls');
  });
});

describe('the search of the history', () => {
  function searching(): Typist {
    const typist = new Typist();
    typist.type('draft');
    typist.press('r', { ctrlKey: true });
    typist.type('earl');
    return typist;
  }

  it.each([
    ['Escape', {}, 'earlier'],
    ['ArrowLeft', {}, 'earlier'],
    ['g', { ctrlKey: true }, 'draft'],
    ['c', { ctrlKey: true }, 'draft'],
  ])('ends with %s %j', (key, held, line) => {
    const typist = searching();
    expect(typist.press(key, held)).toBe(true);
    expect(typist.line.search).toBeNull();
    expect(typist.shell.draft).toBe(line);
  });

  it('leaves Ctrl+G to the browser where nothing is searched', () => {
    expect(new Typist().press('g', { ctrlKey: true })).toBe(false);
  });
});
