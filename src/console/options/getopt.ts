/** One option as found, a word that is none, or what is wrong. */
export type Argument =
  | { readonly kind: 'option'; readonly name: string; readonly value: string }
  | { readonly kind: 'word'; readonly value: string }
  | GetoptProblem;

export interface GetoptProblem {
  readonly kind: 'problem';
  /** As the C library prints it. */
  readonly message: string;
  readonly isMissingValue: boolean;
  /** What the C library has just passed; null: the name of the program. Programs that print their own message name it. */
  readonly passed: string | null;
}

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
  const problem = (message: string, passed: string | null, isMissingValue = false) =>
    found.push({ kind: 'problem', message: `${program}: ${message}`, isMissingValue, passed });
  let lastWord: string | null = null;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === '--') {
      found.push(...args.slice(index + 1).map((value) => ({ kind: 'word' as const, value })));
      break;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const typed = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const keys = keysOf(long, typed);
      const [key] = keys;
      if (key === undefined) {
        problem(`unrecognized option '${arg}'`, arg);
        continue;
      }
      if (keys.length > 1) {
        const possibilities = keys.map((one) => `'--${one.replace('=', '')}'`).join(' ');
        problem(`option '${arg}' is ambiguous; possibilities: ${possibilities}`, arg);
        continue;
      }
      const takesValue = key.endsWith('=');
      const value = equals >= 0 ? arg.slice(equals + 1) : takesValue ? args[++index] : '';
      if (takesValue && value === undefined) problem(`option '--${key.slice(0, -1)}' requires an argument`, arg, true);
      else if (!takesValue && equals >= 0) problem(`option '--${key}' doesn't allow an argument`, arg);
      else found.push({ kind: 'option', name: long[key]!, value: value! });
      continue;
    }
    if (!arg.startsWith('-') || arg === '-') {
      found.push({ kind: 'word', value: arg });
      lastWord = arg;
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!;
      const position = letter === ':' ? -1 : short.indexOf(letter);
      if (position < 0) {
        // Within an argument it is the one before that was passed; words that are no options have moved behind the options.
        const isLast = at === arg.length - 1;
        problem(`invalid option -- '${letter}'`, isLast ? arg : (lastWord ?? args[index - 1] ?? null));
        continue;
      }
      if (short[position + 1] !== ':') {
        found.push({ kind: 'option', name: letter, value: '' });
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++index];
      if (value === undefined) problem(`option requires an argument -- '${letter}'`, arg, true);
      else found.push({ kind: 'option', name: letter, value });
      break;
    }
  }
  return found;
}

/** The long options that are meant: one, unless what was typed begins several that mean different things. */
function keysOf(long: Readonly<Record<string, string>>, typed: string): readonly string[] {
  const keys = Object.keys(long);
  const exact = keys.find((key) => key === typed || key === `${typed}=`);
  if (exact !== undefined) return [exact];
  const matches = keys.filter((key) => key.startsWith(typed));
  return matches.every((key) => long[key] === long[matches[0]!]) ? matches.slice(0, 1) : matches;
}
