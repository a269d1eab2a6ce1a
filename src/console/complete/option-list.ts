import { creationOptionsOf, FORMAT_OPTIONS, type FormatOption } from '../options/format-options.ts';
import type { Choice } from './candidates.ts';

const VALUES: Readonly<Record<string, readonly string[]>> = {
  compat: ['1.1', '0.10', 'v3', 'v2'],
  compression_type: ['zlib', 'zstd'],
  cluster_size: ['4k', '16k', '64k', '256k', '1M', '2M'],
  refcount_bits: ['1', '2', '4', '8', '16', '32', '64'],
  'encrypt.format': ['luks', 'aes'],
  backing_fmt: ['qcow2', 'raw'],
};

/** Options whose value is a file. */
export const FILE_VALUES: ReadonlySet<string> = new Set(['backing_file', 'data_file']);

/** The name of the option whose value is being typed at the end of a list, or null while a name is. */
export function optionInList(list: string): string | null {
  const member = list.slice(list.lastIndexOf(',') + 1);
  const equals = member.indexOf('=');
  return equals < 0 ? null : member.slice(0, equals);
}

/** How a list of `-o` can go on: names of options that are not in it yet, or values of the one before the `=`. */
export function continuationsOfList(list: string, options: readonly FormatOption[]): Choice[] {
  const start = list.lastIndexOf(',') + 1;
  const kept = list.slice(0, start);
  const name = optionInList(list);
  if (name === null) {
    const given = new Set(kept.split(',').map((member) => member.split('=')[0]));
    return options
      .filter((option) => !given.has(option.name))
      .map((option) => ({ word: `${kept}${option.name}=`, label: option.name, about: option.help, goesOn: true }));
  }
  const option = options.find((known) => known.name === name);
  return valuesOf(option).map((value) => ({ word: `${kept}${name}=${value}`, label: value, goesOn: true }));
}

/** The options of `-o` for a sub-command and the format that it makes. */
export function optionsFor(command: string, format: string): readonly FormatOption[] {
  return command === 'amend' ? (FORMAT_OPTIONS[format]?.amend ?? []) : creationOptionsOf(format);
}

function valuesOf(option: FormatOption | undefined): readonly string[] {
  if (option === undefined) return [];
  if (option.kind === 'switch') return ['on', 'off'];
  const listed = /allowed values: ([\w, ]+)\)/.exec(option.help);
  return listed === null ? (VALUES[option.name] ?? []) : listed[1]!.split(', ');
}
