/** A stretch of text, and where it leads if it names something. */
export interface LinkedPart {
  readonly text: string;
  readonly href: string | null;
}

/** Finds names in text; null where there are none to be found. */
export function namePattern(names: Iterable<string>): RegExp | null {
  // Longer names first: one may be the beginning of another.
  const escaped = [...names]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return escaped.length === 0 ? null : new RegExp(`(?<![\\w./-])(?:${escaped.join('|')})(?![\\w/-]|\\.\\w)`, 'g');
}

/** Cuts a text at the names that stand in it as words of their own. */
export function linkedParts(
  text: string,
  pattern: RegExp | null,
  hrefOf: (name: string) => string | null,
): LinkedPart[] {
  const parts: LinkedPart[] = [];
  let end = 0;
  for (const match of pattern === null ? [] : text.matchAll(pattern)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), href: null });
    parts.push({ text: match[0], href: hrefOf(match[0]) });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), href: null });
  return parts;
}
