/** A number as Python reads it with base 0: decimal without leading zeros, 0x, 0o, 0b; null for anything else. */
export function pythonInt(text: string): bigint | null {
  const match = /^\s*([+-]?)(0x(?:_?[0-9a-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*)\s*$/i.exec(text);
  if (match === null) return null;
  const value = BigInt(match[2]!.replaceAll('_', ''));
  return match[1] === '-' ? -value : value;
}

export type Json = string | bigint | number | readonly Json[] | { readonly [name: string]: Json };

/** JSON as Python prints it with an indent of four; numbers keep all their digits. */
export function jsonText(value: Json, indent = ''): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const members = isList
    ? (value as readonly Json[]).map((member) => jsonText(member, inner))
    : Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${jsonText(member as Json, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (members.length === 0) return `${open}${close}`;
  return `${open}\n${members.map((member) => inner + member).join(',\n')}\n${indent}${close}`;
}

/** Characters that Python counts as printable: ASCII from the blank on, and white space. */
export function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}

export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

export function asciiText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** null where a character is not ASCII. */
export function asciiBytes(text: string): Uint8Array | null {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return [...text].every((character) => character.charCodeAt(0) < 0x80) ? bytes : null;
}
