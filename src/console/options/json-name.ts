import { EngineError, isEngineError } from '#engine';
import { parseJson } from './json-parse.ts';
import type { JsonValue } from './json-text.ts';
import type { Options } from './options.ts';

/**
 * The options in a `json:{…}` file name, flattened: nested objects and array elements become dotted names.
 * @throws EngineError invalid-argument with QEMU's text
 */
export function parseJsonName(filename: string): Options {
  const value = parsed(filename.slice('json:'.length));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EngineError('invalid-argument', 'Invalid JSON object given');
  }
  const options: Options = new Map();
  flatten(value, '', options);
  return options;
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    if (!isEngineError(cause)) throw cause;
    throw new EngineError(cause.code, `Could not parse the JSON options: ${cause.message}`, { cause });
  }
}

function flatten(value: JsonValue, name: string, into: Options): void {
  if (value === null || typeof value !== 'object') {
    into.set(name, value);
    return;
  }
  const members = Object.entries(value);
  // What holds nothing is an option all the same, which no driver takes.
  if (members.length === 0 && name !== '') into.set(name, '');
  for (const [key, child] of members) flatten(child, name === '' ? key : `${name}.${key}`, into);
}
