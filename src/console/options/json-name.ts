import { EngineError } from '#engine';
import type { JsonValue } from './json-text.ts';
import type { Options } from './options.ts';

/**
 * The options in a `json:{…}` file name, flattened: nested objects and array elements become dotted names.
 * @throws EngineError invalid-argument with QEMU's text
 */
export function parseJsonName(filename: string): Options {
  let value: JsonValue;
  try {
    value = JSON.parse(withDoubleQuotes(filename.slice('json:'.length))) as JsonValue;
  } catch (cause) {
    throw new EngineError('invalid-argument', 'Could not parse the JSON options', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EngineError('invalid-argument', 'Invalid JSON object given');
  }
  const options: Options = new Map();
  flatten(value, '', { into: options, depth: 0 });
  return options;
}

/** QEMU parses no deeper either. */
const DEPTH_MAX = 1024;

function flatten(value: JsonValue, name: string, { into, depth }: { into: Options; depth: number }): void {
  if (depth > DEPTH_MAX) throw new EngineError('invalid-argument', 'Could not parse the JSON options');
  if (value === null || typeof value !== 'object') into.set(name, value);
  else {
    for (const [key, child] of Object.entries(value)) {
      flatten(child, name === '' ? key : `${name}.${key}`, { into, depth: depth + 1 });
    }
  }
}

/** QEMU's JSON allows 'single quotes' too. */
function withDoubleQuotes(text: string): string {
  let out = '';
  let quote: string | null = null;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (quote === null) {
      if (character === "'" || character === '"') quote = character;
      out += character === "'" ? '"' : character;
    } else if (character === '\\') {
      const next = text[++index] ?? '';
      out += next === "'" ? "'" : character + next;
    } else if (character === quote) {
      quote = null;
      out += '"';
    } else {
      out += character === '"' ? '\\"' : character;
    }
  }
  return out;
}
