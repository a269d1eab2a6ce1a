/** A word of a command line, quotes taken off; `start` and `end` count in the line as typed. */
export interface Word {
  readonly kind: 'word';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The quote that was opened in this word and not closed. */
  readonly openQuote: "'" | '"' | null;
}

export interface Operator {
  readonly kind: 'operator';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Token = Word | Operator;

const OPERATORS = ['&&', '||', ';', '|', '&', '>>', '>', '<'];
const BLANK = /\s/;

/**
 * Splits a line as a POSIX shell does: '…' keeps everything, "…" everything but a backslash before `\`, `"`, `$` and a
 * backquote, a backslash outside keeps the next character, `#` at the start of a word begins a comment. Nothing is
 * expanded.
 */
export function tokensOf(line: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < line.length;) {
    const character = line[at]!;
    if (BLANK.test(character)) {
      at++;
      continue;
    }
    if (character === '#') break;
    const operator = OPERATORS.find((text) => line.startsWith(text, at));
    if (operator !== undefined) {
      tokens.push({ kind: 'operator', text: operator, start: at, end: at + operator.length });
      at += operator.length;
      continue;
    }
    const word = wordAt(line, at);
    tokens.push(word);
    at = word.end;
  }
  return tokens;
}

function wordAt(line: string, start: number): Word {
  let text = '';
  let at = start;
  while (at < line.length) {
    const character = line[at]!;
    if (BLANK.test(character) || ';|&<>'.includes(character)) break;
    if (character === "'") {
      const close = line.indexOf("'", at + 1);
      if (close < 0) return unclosed(text + line.slice(at + 1), "'");
      text += line.slice(at + 1, close);
      at = close + 1;
      continue;
    }
    if (character === '"') {
      for (at++; line[at] !== '"'; at++) {
        if (at >= line.length) return unclosed(text, '"');
        if (line[at] === '\\' && '\\"$`'.includes(line[at + 1] ?? ' ')) at++;
        text += line[at]!;
      }
      at++;
      continue;
    }
    if (character === '\\' && at + 1 < line.length) at++;
    text += line[at]!;
    at++;
  }
  return { kind: 'word', text, start, end: at, openQuote: null };

  function unclosed(soFar: string, openQuote: "'" | '"'): Word {
    return { kind: 'word', text: soFar, start, end: line.length, openQuote };
  }
}

/** A word as it has to be typed: as it is where a shell would take it so, in quotes otherwise. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
