import type { LibraryEntry } from '#protocol';

/** What is known with a part of a new list: what was read takes the place of what was known, what is only listed does not. */
export function mergeEntries(known: readonly LibraryEntry[], part: readonly LibraryEntry[]): readonly LibraryEntry[] {
  const entries = new Map(known.map((entry) => [entry.id, entry]));
  for (const entry of part) {
    if (entry.about.kind !== 'unread' || !entries.has(entry.id)) entries.set(entry.id, entry);
  }
  return [...entries.values()];
}
