import type { Edit } from './line-editor.ts';

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** What a key means on the console's line. */
export type ConsoleAction =
  | { readonly kind: 'edit'; readonly edit: Edit }
  | {
      readonly kind:
        | 'submit'
        | 'complete'
        | 'complete-back'
        | 'older'
        | 'newer'
        | 'oldest'
        | 'newest'
        | 'search'
        | 'give-up-search'
        | 'interrupt'
        | 'end-input'
        | 'clear'
        | 'leave'
        | 'page-up'
        | 'page-down';
    };

const WITH_CTRL: Readonly<Record<string, Edit>> = {
  a: 'to-start',
  e: 'to-end',
  b: 'left',
  f: 'right',
  h: 'erase',
  k: 'kill-to-end',
  u: 'kill-to-start',
  w: 'kill-to-blank',
  y: 'put-back',
  t: 'transpose',
  arrowleft: 'word-left',
  arrowright: 'word-right',
  backspace: 'kill-word-left',
  delete: 'kill-word-right',
};

const WITH_ALT: Readonly<Record<string, Edit>> = {
  b: 'word-left',
  f: 'word-right',
  d: 'kill-word-right',
  backspace: 'kill-word-left',
  arrowleft: 'word-left',
  arrowright: 'word-right',
};

const CTRL_ACTIONS: Readonly<Record<string, Exclude<ConsoleAction['kind'], 'edit'>>> = {
  c: 'interrupt',
  l: 'clear',
  p: 'older',
  n: 'newer',
  r: 'search',
  g: 'give-up-search',
};

const PLAIN: Readonly<Record<string, Exclude<ConsoleAction['kind'], 'edit'>>> = {
  Enter: 'submit',
  Tab: 'complete',
  ArrowUp: 'older',
  ArrowDown: 'newer',
  Escape: 'leave',
  PageUp: 'page-up',
  PageDown: 'page-down',
};

/** As terminals scroll. */
const WITH_SHIFT: typeof PLAIN = { Tab: 'complete-back', PageUp: 'page-up', PageDown: 'page-down' };

/** null: the browser's own meaning, such as typing, Home and End, or copying with ⌘C. */
export function consoleAction(press: KeyPress, isLineEmpty: boolean): ConsoleAction | null {
  if (press.metaKey) return null;
  const key = press.key.toLowerCase();
  if (press.ctrlKey && !press.altKey) {
    // With Shift they are the browser's: copy, reload, and so on.
    if (press.shiftKey) return null;
    if (key === 'd') return isLineEmpty ? { kind: 'end-input' } : { kind: 'edit', edit: 'delete' };
    const action = CTRL_ACTIONS[key];
    if (action !== undefined) return { kind: action };
    return WITH_CTRL[key] === undefined ? null : { kind: 'edit', edit: WITH_CTRL[key] };
  }
  if (press.altKey && !press.ctrlKey) {
    if (press.key === '<') return { kind: 'oldest' };
    if (press.key === '>') return { kind: 'newest' };
    return WITH_ALT[key] === undefined ? null : { kind: 'edit', edit: WITH_ALT[key] };
  }
  const kind = (press.shiftKey ? WITH_SHIFT : PLAIN)[press.key];
  return kind === undefined ? null : { kind };
}
