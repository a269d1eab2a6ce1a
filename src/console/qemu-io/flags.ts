import { getopt } from '../options/getopt.ts';
import { IoUsage } from './command.ts';

/** The options of a command's line, the last value of each, and the words after them. */
export interface IoFlags {
  has(name: string): boolean;
  value(name: string): string | undefined;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
}

/** How the options of a command are taken. */
export interface FlagRules {
  /** Is asked about each option where it stands: of several that are wrong the first is told. */
  readonly judge?: (name: string, value: string) => void;
  /** An option behind which nothing is looked at. */
  readonly last?: string;
}

/**
 * @throws IoUsage for an option that the command does not know; the message is what goes to standard error
 */
export function flagsOf(
  command: string,
  args: readonly string[],
  short: string,
  { judge, last }: FlagRules = {},
): IoFlags {
  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (const argument of getopt(command, args, { short })) {
    if (argument.kind === 'problem') throw new IoUsage(argument.message);
    if (argument.kind === 'word') words.push(argument.value);
    else {
      judge?.(argument.name, argument.value);
      values.set(argument.name, [...(values.get(argument.name) ?? []), argument.value]);
      if (argument.name === last) break;
    }
  }
  return { values, words, has: (name) => values.has(name), value: (name) => values.get(name)?.at(-1) };
}
