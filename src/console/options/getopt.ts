/** One option as found, or a word that is none. */
export type Argument =
  | { readonly kind: 'option'; readonly name: string; readonly value: string }
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'problem'; readonly message: string };

export interface OptionSpec {
  /** Letters; a colon behind one means that it takes a value. */
  readonly short: string;
  /** Long names; `=` at the end means that it takes a value. Values of the map: the name under which it is reported. */
  readonly long?: Readonly<Record<string, string>>;
}

/**
 * Splits arguments as GNU getopt_long does: options may stand anywhere, short ones may be joined, long ones may be
 * abbreviated, `--` ends them.
 * @param program stands before the colon in problems
 */
export function getopt(program: string, args: readonly string[], { short, long = {} }: OptionSpec): Argument[] {
  const found: Argument[] = [];
  const problem = (message: string) => found.push({ kind: 'problem', message: `${program}: ${message}` });
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === '--') {
      found.push(...args.slice(index + 1).map((value) => ({ kind: 'word' as const, value })));
      break;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const typed = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const key = findLong(long, typed);
      if (key === null) {
        problem(`unrecognized option '${arg}'`);
        continue;
      }
      const takesValue = key.endsWith('=');
      const value = equals >= 0 ? arg.slice(equals + 1) : takesValue ? args[++index] : '';
      if (takesValue && value === undefined) problem(`option '--${key.slice(0, -1)}' requires an argument`);
      else if (!takesValue && equals >= 0) problem(`option '--${key}' doesn't allow an argument`);
      else found.push({ kind: 'option', name: long[key]!, value: value! });
      continue;
    }
    if (!arg.startsWith('-') || arg === '-') {
      found.push({ kind: 'word', value: arg });
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!;
      const position = letter === ':' ? -1 : short.indexOf(letter);
      if (position < 0) {
        problem(`invalid option -- '${letter}'`);
        continue;
      }
      if (short[position + 1] !== ':') {
        found.push({ kind: 'option', name: letter, value: '' });
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++index];
      if (value === undefined) problem(`option requires an argument -- '${letter}'`);
      else found.push({ kind: 'option', name: letter, value });
      break;
    }
  }
  return found;
}

function findLong(long: Readonly<Record<string, string>>, typed: string): string | null {
  const keys = Object.keys(long);
  const exact = keys.find((key) => key === typed || key === `${typed}=`);
  if (exact !== undefined) return exact;
  const matches = keys.filter((key) => key.startsWith(typed));
  return matches.length === 1 ? matches[0]! : null;
}
