import { chosen, completed, stepped, type CompletionMenu } from './completion-menu.ts';
import { consoleAction, type ConsoleAction, type KeyPress } from './console-keys.ts';
import type { Console } from './console.svelte.ts';
import { searchBack } from './history.ts';
import { edited, type Edit, type EditedLine } from './line-editor.ts';
import { pastedLines } from './pasted-lines.ts';

/** The text field of the line. */
export interface LineField {
  readonly cursor: number;
  /** Where the selection ends; the cursor where nothing is selected. */
  readonly selectionEnd: number;
  show(line: EditedLine): void;
}

export interface PromptEvents {
  page(direction: 1 | -1): void;
  /** The line was given or changed: what is typed should be in sight. */
  changed(): void;
}

interface Search {
  readonly query: string;
  readonly found: number | null;
  /** The line that was typed before. */
  readonly before: string;
}

type Shell = Pick<Console, 'draft' | 'recallable' | 'complete' | 'give' | 'interrupt' | 'endInput' | 'clear'>;

/** Keys that only move take the line that a search found, to be edited. */
const MOVES: Readonly<Record<string, Edit>> = {
  Home: 'to-start',
  End: 'to-end',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

/** What the browser calls the erasing of a character. */
const ERASURES: Readonly<Record<string, Edit>> = { deleteContentBackward: 'erase', deleteContentForward: 'delete' };

/** The line that is being typed: keys, completion, history. What is typed during a completion waits for it, in order. */
export class PromptLine {
  menu = $state.raw<CompletionMenu | null>(null);
  search = $state.raw<Search | null>(null);
  /** After Escape the next Tab moves on, so that the keyboard can leave the line. */
  tabLeaves = $state(false);
  field: LineField | null = null;
  readonly #shell: Shell;
  readonly #events: PromptEvents;
  #killed = '';
  /** How far back in the history; the line that was being typed waits at its end. */
  #historyIndex: number | null = null;
  #typedBefore = '';
  /** The completion that is waited for, and what came after its Tab. */
  #pending: symbol | null = null;
  #held: (() => void)[] = [];

  constructor(shell: Shell, events: PromptEvents) {
    this.#shell = shell;
    this.#events = events;
  }

  get isHolding(): boolean {
    return this.#pending !== null;
  }

  /** Does what a key means; false leaves it to the browser. */
  press(key: KeyPress, { isTextSelected }: { isTextSelected: boolean }): boolean {
    const action = consoleAction(key, false);
    // Selected text is copied as everywhere.
    if (action?.kind === 'interrupt' && isTextSelected) return false;
    if (!this.isHolding || action?.kind === 'interrupt') return this.#pressed(key);
    if (action === null && plainMove(key) === null) return false;
    this.#held.push(() => {
      const move = plainMove(key);
      if (!this.#pressed(key) && move !== null) this.#perform({ kind: 'edit', edit: move });
    });
    return true;
  }

  /** As if the key had been pressed that means this. */
  act(kind: 'complete' | 'older' | 'newer'): void {
    if (this.isHolding) this.#held.push(() => this.#perform({ kind }));
    else this.#perform({ kind });
  }

  /** What the browser would put into the line while a completion is waited for. */
  hold(inputType: string, text: string | null): void {
    const edit = ERASURES[inputType];
    if (edit !== undefined) this.#held.push(() => this.#perform({ kind: 'edit', edit }));
    else if (text !== null) this.#held.push(() => this.#insert(text));
  }

  /** The browser has put something into the line. */
  typed(value: string): void {
    this.tabLeaves = false;
    this.menu = null;
    this.#shell.draft = value;
    if (this.search === null) this.#historyIndex = null;
    else this.search = { ...this.search, query: value, found: this.#searchBack(value) };
    this.#events.changed();
  }

  /** Pasted lines are given one by one; a part of a line is left to the browser. */
  paste(text: string): boolean {
    if (!/[\r\n]/.test(text)) return false;
    if (this.isHolding) this.#held.push(() => this.#pasteLines(text));
    else this.#pasteLines(text);
    return true;
  }

  choose(index: number): void {
    this.#show(chosen(this.menu!, index).line);
    this.menu = null;
  }

  #pressed(key: KeyPress): boolean {
    if (this.search !== null && key.key in MOVES) {
      this.#endSearch({ takes: true });
      return true;
    }
    const action = consoleAction(key, this.#shell.draft === '' && this.search === null);
    if (action === null) return false;
    if (action.kind === 'complete' && (this.#shell.draft === '' || this.tabLeaves)) return false;
    if (action.kind === 'complete-back' && this.menu === null) return false;
    if (action.kind === 'give-up-search' && this.search === null) return false;
    if (action.kind === 'leave' && this.search === null && this.menu === null && !this.tabLeaves) {
      this.tabLeaves = true;
      return false;
    }
    if (action.kind !== 'leave') this.tabLeaves = false;
    if (this.search === null || this.#searches(action, this.search)) this.#perform(action);
    return true;
  }

  /** What a key does while the history is searched; returns whether it is to be done as usual then. */
  #searches(action: ConsoleAction, { query, found }: Search): boolean {
    if (action.kind === 'search') {
      const next = searchBack(this.#shell.recallable, query, found ?? this.#shell.recallable.length);
      if (next !== null) this.search = { ...this.search!, found: next };
      return false;
    }
    // As in bash, Escape takes what was found.
    this.#endSearch({ takes: action.kind !== 'give-up-search' && action.kind !== 'interrupt' });
    return action.kind === 'submit' ? found !== null : action.kind === 'edit';
  }

  #endSearch({ takes }: { takes: boolean }): void {
    const { found, before } = this.search!;
    this.search = null;
    this.#showText(takes && found !== null ? this.#shell.recallable[found]! : before);
  }

  #perform(action: ConsoleAction): void {
    if (action.kind !== 'complete' && action.kind !== 'complete-back' && action.kind !== 'leave') {
      if (this.menu !== null && (action.kind === 'older' || action.kind === 'newer')) {
        return this.#stepMenu(action.kind === 'newer' ? 1 : -1);
      }
      this.menu = null;
    }
    const { recallable } = this.#shell;
    switch (action.kind) {
      case 'edit':
        return this.#show(edited(this.#current(), action.edit));
      case 'submit':
        return this.#submit();
      case 'complete':
        return this.menu === null ? void this.#complete() : this.#stepMenu(1);
      case 'complete-back':
        return this.#stepMenu(-1);
      case 'older':
        return this.#recall((this.#historyIndex ?? recallable.length) - 1);
      case 'newer':
        return this.#recall((this.#historyIndex ?? recallable.length) + 1);
      case 'oldest':
        return this.#recall(0);
      case 'newest':
        return this.#recall(recallable.length);
      case 'search':
        this.search = { query: '', found: null, before: this.#shell.draft };
        return this.#showText('');
      case 'interrupt':
        return this.#interrupt();
      case 'end-input':
        return this.#shell.endInput();
      case 'clear':
        return this.#shell.clear();
      case 'leave':
        this.menu = null;
        return;
      case 'give-up-search':
        return;
      case 'page-up':
        return this.#events.page(-1);
      case 'page-down':
        return this.#events.page(1);
    }
  }

  #submit(): void {
    const line = this.#shell.draft;
    this.#historyIndex = null;
    this.#showText('');
    this.#shell.give([line]);
    this.#events.changed();
  }

  /** What was typed ahead is forgotten too, with the completion that it waits for. */
  #interrupt(): void {
    this.#pending = null;
    this.#held = [];
    this.#shell.interrupt();
    this.#historyIndex = null;
    this.#showText('');
  }

  #recall(index: number): void {
    const lines = this.#shell.recallable;
    if (index < 0 || index > lines.length) return;
    if (this.#historyIndex === null) this.#typedBefore = this.#shell.draft;
    this.#historyIndex = index === lines.length ? null : index;
    this.#showText(this.#historyIndex === null ? this.#typedBefore : lines[index]!);
  }

  async #complete(): Promise<void> {
    const line = this.#current();
    const pending = Symbol('completion');
    this.#pending = pending;
    const completion = await this.#shell.complete(line.text, line.cursor);
    if (this.#pending !== pending) return;
    this.#pending = null;
    // Somebody else may have put another line there.
    if (this.#shell.draft === line.text) {
      const result = completed(line, completion);
      this.menu = result.menu;
      if (result.line !== line) this.#show(result.line);
      this.#events.changed();
    }
    while (!this.isHolding && this.#held.length > 0) this.#held.shift()!();
  }

  #stepMenu(step: 1 | -1): void {
    if (this.menu === null) return;
    const result = stepped(this.menu, step);
    this.menu = result.menu;
    this.#show(result.line);
  }

  #insert(text: string): void {
    const { text: before, cursor } = this.#current();
    const value = before.slice(0, cursor) + text + before.slice(this.#selectionEnd());
    this.#show({ text: value, cursor: cursor + text.length, killed: this.#killed });
    this.typed(value);
  }

  #pasteLines(text: string): void {
    const line = this.#current();
    const { lines, rest } = pastedLines(line.text.slice(0, line.cursor) + text);
    const after = line.text.slice(this.#selectionEnd());
    this.#show({ text: rest + after, cursor: rest.length, killed: this.#killed });
    this.#shell.give(lines);
    this.#events.changed();
  }

  #current(): EditedLine {
    const text = this.#shell.draft;
    return { text, cursor: this.field?.cursor ?? text.length, killed: this.#killed };
  }

  #selectionEnd(): number {
    return this.field?.selectionEnd ?? this.#shell.draft.length;
  }

  #show(line: EditedLine): void {
    this.#killed = line.killed;
    this.#shell.draft = line.text;
    this.field?.show(line);
    this.#events.changed();
  }

  #showText(text: string): void {
    this.#show({ text, cursor: text.length, killed: this.#killed });
  }

  #searchBack(query: string): number | null {
    return searchBack(this.#shell.recallable, query, this.#shell.recallable.length);
  }
}

/** A key that the browser moves the cursor by, and what it means. */
function plainMove(key: KeyPress): Edit | null {
  return key.ctrlKey || key.altKey || key.metaKey || key.shiftKey ? null : (MOVES[key.key] ?? null);
}
