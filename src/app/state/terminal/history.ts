/** The lines given so far, oldest first. */
export type History = readonly string[];

const LINES_MAX = 1000;

/** Adds a line; an empty one, one that begins with a space, and a repetition of the last are not kept. */
export function remember(history: History, line: string): History {
  if (line.trim() === '' || line.startsWith(' ') || history.at(-1) === line) return history;
  return [...history, line].slice(-LINES_MAX);
}

/** The place of the latest line before `before` that contains `query`, or null. */
export function searchBack(history: History, query: string, before: number): number | null {
  if (query === '') return null;
  for (let index = Math.min(before, history.length) - 1; index >= 0; index--) {
    if (history[index]!.includes(query)) return index;
  }
  return null;
}

/** Numbered as a shell prints them. */
export function historyText(history: History): string {
  return history.map((line, index) => `${String(index + 1).padStart(5)}  ${line}\n`).join('');
}

type KeyStorage = Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>;

/** Of a longer line (characters) the next visit knows nothing: a thousand of this length just fit into what a page may store. */
const KEPT_LENGTH_MAX = 4096;

const PREFIX = 'console-line-';

/** The lines of earlier visits and of other tabs. */
export function loadHistory(storage: KeyStorage = localStorage): History {
  return linesOf(storedKeys(storage), storage).filter((line, index, lines) => line !== lines[index - 1]);
}

/**
 * Keeps a line for the next visit. Each stands under a key of its own: a tab may see late what another has stored, and a
 * list that it read, lengthened and wrote back would then drop the other's lines.
 */
export function keepInHistory(line: string, storage: KeyStorage = localStorage): void {
  const keys = storedKeys(storage);
  const latest = linesOf(keys.slice(-1), storage);
  if (line.length > KEPT_LENGTH_MAX || remember(latest, line) === latest) return;
  for (const key of keys.slice(0, -(LINES_MAX - 1))) storage.removeItem(key);
  storage.setItem(`${PREFIX}${timeAfter(keys.at(-1))}-${crypto.randomUUID()}`, line);
}

/** Oldest first, which is their order as text. */
function storedKeys(storage: KeyStorage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
    .filter((key) => key.startsWith(PREFIX))
    .sort();
}

function linesOf(keys: readonly string[], storage: KeyStorage): History {
  return keys.map((key) => storage.getItem(key) ?? '');
}

/** Milliseconds since 1970: now, but later than a key's however the clock was set meanwhile. */
function timeAfter(key: string | undefined): number {
  return key === undefined ? Date.now() : Math.max(Date.now(), parseInt(key.slice(PREFIX.length)) + 1);
}
