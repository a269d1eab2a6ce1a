/* eslint-disable no-control-regex -- which characters a string may not hold as they are */
import { EngineError } from '#engine';

export type Token =
  | { readonly kind: 'mark' | 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  /** What begins no token, up to the character at which that is certain. */
  | { readonly kind: 'stray'; readonly text: string };

const SPACE = /[ \t\r\n]+/y;
const MARK = /[{}[\]:,]/y;
const WORD = /[a-z]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** A zero before more digits, or a number that breaks off, with the character that makes it so. */
const BROKEN_NUMBER = /-?0\d|-(?!\d)[^]?|-?(?:0|[1-9]\d*)(?:\.(?!\d)|(?:\.\d+)?[eE](?:[+-](?!\d)|(?![+\-\d])))[^]?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\[^\u0000-\u001f])*"|'(?:[^'\\\u0000-\u001f]|\\[^\u0000-\u001f])*'/y;
const BROKEN_STRING =
  /(?:"(?:[^"\\\u0000-\u001f]|\\[^\u0000-\u001f])*|'(?:[^'\\\u0000-\u001f]|\\[^\u0000-\u001f])*)[^]?/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Splits JSON into tokens, as far as it goes. @throws EngineError invalid-argument for a bad escape in a string */
export function* tokensOf(text: string): Generator<Token> {
  let at = 0;
  const match = (expression: RegExp): string | null => {
    expression.lastIndex = at;
    const found = expression.exec(text)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  for (;;) {
    match(SPACE);
    if (at >= text.length) return;
    const mark = match(MARK);
    const word = mark ?? match(WORD);
    if (word !== null) {
      yield { kind: mark === null ? 'word' : 'mark', text: word };
      continue;
    }
    const string = match(STRING);
    if (string !== null) {
      yield { kind: 'string', value: unescaped(string) };
      continue;
    }
    const stray = match(BROKEN_STRING) ?? match(BROKEN_NUMBER);
    const number = stray === null ? match(NUMBER) : null;
    if (number === null) {
      yield { kind: 'stray', text: stray ?? text[at]! };
      return;
    }
    yield { kind: 'number', value: Number(number) };
  }
}

/** A string token's value. */
function unescaped(token: string): string {
  let value = '';
  for (let at = 1; at < token.length - 1; at++) {
    if (token[at] !== '\\') {
      value += token[at];
      continue;
    }
    const letter = token[++at]!;
    if (letter === 'u') {
      const digits = token.slice(at + 1, at + 5);
      if (!/^[0-9a-f]{4}$/i.test(digits)) {
        refuse(`\\u${token.slice(at + 1, at + 5)} is not a valid Unicode character`);
      }
      value += String.fromCharCode(parseInt(digits, 16));
      at += 4;
      continue;
    }
    value += ESCAPES[letter] ?? refuse('invalid escape sequence in string');
  }
  return value;
}

function refuse(what: string): never {
  throw new EngineError('invalid-argument', `JSON parse error, ${what}`);
}
