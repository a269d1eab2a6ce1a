/**
 * Commands whose title and group hold all letters of the query in order, best first: a match at the start of a word
 * counts more than one inside, a tight match more than a scattered one, and a match in the title more than one that
 * needs the group's name. Without a query the order is kept.
 */
export function rankCommands<C extends { readonly title: string; readonly group: string }>(
  commands: readonly C[],
  query: string,
): readonly C[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return commands;
  return commands
    .map((command) => ({ command, score: scoreCommand(command, wanted) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => a.score! - b.score!)
    .map(({ command }) => command);
}

const NEEDS_GROUP = 1000;

function scoreCommand({ title, group }: { readonly title: string; readonly group: string }, wanted: string) {
  const inTitle = scoreMatch(title.toLowerCase(), wanted);
  if (inTitle !== null) return inTitle;
  const withGroup = scoreMatch(`${title} ${group}`.toLowerCase(), wanted);
  return withGroup === null ? null : withGroup + NEEDS_GROUP;
}

/** Lower is better; null when the text does not match. */
function scoreMatch(text: string, wanted: string): number | null {
  const whole = text.indexOf(wanted);
  if (whole >= 0) return isWordStart(text, whole) ? 0 : 1;
  let score = 2;
  let at = 0;
  for (const letter of wanted) {
    const found = text.indexOf(letter, at);
    if (found < 0) return null;
    score += isWordStart(text, found) ? 0 : found - at;
    at = found + 1;
  }
  return score;
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === ' ';
}
