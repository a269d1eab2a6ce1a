import { EngineError } from '#engine';
import { tokensOf, type Token } from './json-tokens.ts';
import type { JsonValue } from './json-text.ts';

/**
 * Parses JSON as QEMU does: 'single quotes' are as good as double ones, a key may stand once.
 * @throws EngineError invalid-argument with QEMU's text
 */
export function parseJson(text: string): JsonValue {
  const values: JsonValue[] = [];
  let held: Token[] = [];
  const open = new OpenBrackets();
  for (const token of tokensOf(text)) {
    // Whatever stands behind the first value, it is one too many.
    if (values.length > 0) throw refusal('Expecting at most one JSON value');
    if (token.kind === 'stray') throw problem(`stray '${token.text}'`);
    open.note(token);
    if (open.depth > NESTING_MAX) throw refusal('JSON nesting depth limit exceeded');
    held.push(token);
    if (open.wantMore) continue;
    values.push(new Parser(held).value());
    held = [];
  }
  if (held.length > 0) throw problem('premature EOI');
  const [value] = values;
  if (value === undefined) throw refusal('Expecting a JSON value');
  return value;
}

/** Brackets open at a time, of both kinds together. */
const NESTING_MAX = 1024;

/** Counts brackets: a value ends where all are closed, or where no more tokens can mend it. */
class OpenBrackets {
  #braces = 0;
  #squares = 0;

  note(token: Token): void {
    if (token.kind !== 'mark') return;
    if (token.text === '{') this.#braces++;
    else if (token.text === '}') this.#braces--;
    else if (token.text === '[') this.#squares++;
    else if (token.text === ']') this.#squares--;
  }

  get depth(): number {
    return this.#braces + this.#squares;
  }

  get wantMore(): boolean {
    return (this.#braces > 0 || this.#squares > 0) && this.#braces >= 0 && this.#squares >= 0;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  value(): JsonValue {
    const token = this.#take();
    switch (token.kind) {
      case 'string':
      case 'number':
        return token.value;
      case 'word':
        return wordValue(token.text);
      case 'mark':
        if (token.text === '{') return this.#object();
        if (token.text === '[') return this.#list();
        throw problem('expecting value');
      case 'stray':
        throw problem(`stray '${token.text}'`);
    }
  }

  #object(): JsonValue {
    const members = new Map<string, JsonValue>();
    if (this.#accept('}')) return {};
    do {
      const key = this.value();
      if (typeof key !== 'string') throw problem('key is not a string in object');
      if (!this.#accept(':')) throw problem('missing : in object pair');
      const value = this.value();
      if (members.has(key)) throw problem('duplicate key');
      members.set(key, value);
    } while (this.#accept(','));
    if (!this.#accept('}')) throw problem('expected separator in dict');
    return Object.fromEntries(members);
  }

  #list(): JsonValue {
    const items: JsonValue[] = [];
    if (this.#accept(']')) return items;
    do items.push(this.value());
    while (this.#accept(','));
    if (!this.#accept(']')) throw problem('expected separator in list');
    return items;
  }

  #accept(mark: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.#next++;
    return true;
  }

  #take(): Token {
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw problem('premature EOI');
    return token;
  }
}

function wordValue(word: string): JsonValue {
  if (word === 'true') return true;
  if (word === 'false') return false;
  if (word === 'null') return null;
  throw problem(`invalid keyword '${word}'`);
}

function problem(what: string): EngineError {
  return refusal(`JSON parse error, ${what}`);
}

function refusal(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
