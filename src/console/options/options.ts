/** The value of an option: text from a command line; from a `json:` name also a number, a switch or nothing. */
export type OptionValue = string | number | boolean | null;

/**
 * Driver options as QEMU passes them around: flat names with dots (`file.driver`, `backing.file.filename`). Whoever
 * understands an option takes it out; what is left over at the end was not understood.
 */
export type Options = Map<string, OptionValue>;

/** Takes an option out, as text; a switch is `on` or `off`. */
export function takeOption(options: Options, name: string): string | undefined {
  const value = options.get(name);
  options.delete(name);
  return value === undefined ? undefined : textOf(value);
}

export function textOf(value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value === null ? '' : String(value);
}

/** Takes out all options below `prefix.`, with the prefix cut off. */
export function takeChild(options: Options, prefix: string): Options {
  const child: Options = new Map();
  for (const [name, value] of [...options]) {
    if (!name.startsWith(`${prefix}.`)) continue;
    child.set(name.slice(prefix.length + 1), value);
    options.delete(name);
  }
  return child;
}

/**
 * Splits `a=b,c=d` into pairs in order; a doubled comma is a comma of the value. A name without `=` is `name=on`, and
 * `noname` is `name=off`, as QEMU's option strings have it.
 */
export function parsePairs(text: string, firstName: string | null = null): [string, string][] {
  const pairs: [string, string][] = [];
  for (const part of splitAtCommas(text)) {
    const equals = part.indexOf('=');
    if (equals >= 0) pairs.push([part.slice(0, equals), part.slice(equals + 1)]);
    else if (pairs.length === 0 && firstName !== null) pairs.push([firstName, part]);
    else if (part.startsWith('no') && part.length > 2) pairs.push([part.slice(2), 'off']);
    else pairs.push([part, 'on']);
  }
  return pairs;
}

/** The members of a comma-separated list; a doubled comma is a comma of the member. */
export function splitAtCommas(text: string): string[] {
  if (text === '') return [];
  const parts: string[] = [''];
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== ',') parts[parts.length - 1] += text[index];
    else if (text[index + 1] === ',') {
      parts[parts.length - 1] += ',';
      index++;
    } else parts.push('');
  }
  return parts;
}
