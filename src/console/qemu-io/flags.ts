import { getopt } from '../options/getopt.ts';
import { IoUsage } from './command.ts';

/** The options of a command's line, the last value of each, and the words after them. */
export interface IoFlags {
  has(name: string): boolean;
  value(name: string): string | undefined;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
}

/** @throws IoUsage for an option that the command does not know; the message is what goes to standard error */
export function flagsOf(command: string, args: readonly string[], short: string): IoFlags {
  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (const argument of getopt(command, args, { short })) {
    if (argument.kind === 'problem') throw new IoUsage(argument.message);
    if (argument.kind === 'word') words.push(argument.value);
    else values.set(argument.name, [...(values.get(argument.name) ?? []), argument.value]);
  }
  return { values, words, has: (name) => values.has(name), value: (name) => values.get(name)?.at(-1) };
}
