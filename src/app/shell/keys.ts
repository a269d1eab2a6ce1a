export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export type KeyAction =
  'palette' | 'keys' | 'go-library' | 'go-image' | 'go-lab' | 'go-console' | 'go-help' | 'await-place';

/** What a key press outside a text field means to the shell. `afterG` is true when `g` was pressed just before. */
export function shellAction(press: KeyPress, afterG: boolean): KeyAction | null {
  const key = press.key.toLowerCase();
  if (press.ctrlKey || press.metaKey) {
    return key === 'k' || (key === 'p' && press.shiftKey) ? 'palette' : null;
  }
  if (press.altKey) return null;
  if (afterG) return PLACES[key] ?? null;
  if (press.key === '?') return 'keys';
  return key === 'g' ? 'await-place' : null;
}

const PLACES: Readonly<Record<string, KeyAction>> = {
  l: 'go-library',
  i: 'go-image',
  c: 'go-lab',
  t: 'go-console',
  h: 'go-help',
};

export const KEY_HELP: readonly { readonly group: string; readonly rows: readonly (readonly [string, string])[] }[] = [
  {
    group: 'Everywhere',
    rows: [
      ['Ctrl K', 'Command palette'],
      ['?', 'These keys'],
      ['G L', 'Library'],
      ['G I', 'Image'],
      ['G C', 'Crash lab'],
      ['G T', 'Console'],
      ['G H', 'Help'],
      ['/', 'Filter the library'],
      ['Esc', 'Close'],
    ],
  },
  {
    group: 'Image',
    rows: [
      ['Ctrl G', 'Go to offset'],
      [', .', 'Previous, next step of a repair'],
      ['← ↑ ↓ →', 'Move in the map'],
      ['+ −', 'Zoom the map'],
      ['F', 'Fit the map'],
      ['Enter', 'Open the cluster in Structure'],
    ],
  },
  {
    group: 'Crash lab',
    rows: [
      [', .', 'Move the power cut'],
      ['X', 'Cut the power'],
      ['R', 'Reopen'],
      ['Space', 'Play'],
    ],
  },
];
