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

const KEY = 'console-history';

export function loadHistory(): History {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter((line) => typeof line === 'string') : [];
  } catch (error) {
    // Written by something else than this page.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Keeps a line for the next visit, after those that other tabs have kept meanwhile. */
export function keepInHistory(line: string): void {
  localStorage.setItem(KEY, JSON.stringify(remember(loadHistory(), line)));
}
