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

/** A flag without a value: how it was written, and what it means. */
export interface ShortForm {
  readonly written: string;
  readonly name: string;
  readonly value: 'on' | 'off';
}

/**
 * Splits `a=b,c=d` into pairs in order; a doubled comma is a comma of the value. A name without `=` is `name=on`, and
 * `noname` is `name=off`, as QEMU's option strings have it; `onShortForm` hears of these. A first member without a name
 * is the value of `firstName`, if there is one.
 */
export function parsePairs(
  text: string,
  { firstName, onShortForm }: { readonly firstName?: string; readonly onShortForm?: (form: ShortForm) => void } = {},
): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < text.length; at++) {
    const [written] = /^[^=,]*/.exec(text.slice(at))!;
    const hasName = text[at + written.length] === '=';
    if (hasName || (pairs.length === 0 && firstName !== undefined)) {
      if (hasName) at += written.length + 1;
      const [value] = /^(?:[^,]|,,)*/.exec(text.slice(at))!;
      pairs.push([hasName ? written : firstName!, value.replaceAll(',,', ',')]);
      at += value.length;
      continue;
    }
    at += written.length;
    const isOff = written.startsWith('no');
    const form: ShortForm = isOff
      ? { written, name: written.slice(2), value: 'off' }
      : { written, name: written, value: 'on' };
    onShortForm?.(form);
    pairs.push([form.name, form.value]);
  }
  return pairs;
}

/**
 * The options of `--image-opts`, `open -o` and the like, where a flag without a value is deprecated.
 * @param warn takes what is to be said of such a flag
 */
export function parseOptions(text: string, warn: (message: string) => void, firstName?: string): Map<string, string> {
  const onShortForm = ({ written, name, value }: ShortForm) =>
    warn(`warning: short-form boolean option '${written}' deprecated\nPlease use ${name}=${value} instead`);
  return new Map(parsePairs(text, { ...(firstName !== undefined && { firstName }), onShortForm }));
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
