import type { OptionValue } from './options.ts';

/** What stands in a `json:{…}` name. */
export type JsonValue = OptionValue | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

const BUCKETS = 512;

/** On one line and in the order in which QEMU prints an object's members. */
export function jsonText(value: JsonValue): string {
  if (isList(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = inDictionaryOrder(Object.keys(value)).map(
    (name) => `${JSON.stringify(name)}: ${jsonText(value[name]!)}`,
  );
  return `{${members.join(', ')}}`;
}

/** Keys in the order in which a dictionary of QEMU goes through them. */
export function inDictionaryOrder(keys: Iterable<string>): string[] {
  const members = [...keys].map((name, index) => ({ name, index, bucket: hashOf(name) % BUCKETS }));
  // A bucket gives what was put in last first.
  return members.sort((a, b) => a.bucket - b.bucket || b.index - a.index).map(({ name }) => name);
}

/** `Array.isArray` does not tell readonly arrays from objects. */
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The hash of the Trivial Database library, by which QEMU's dictionaries spread their keys. */
function hashOf(key: string): number {
  const bytes = new TextEncoder().encode(key);
  let hash = Math.imul(0x238f13af, bytes.length);
  for (const [index, byte] of bytes.entries()) hash = (hash + (byte << ((index * 5) % 24))) | 0;
  return (Math.imul(1103515243, hash) + 12345) >>> 0;
}
