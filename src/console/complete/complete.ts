import { CACHE_MODES } from '#engine';
import type { ConsoleFiles } from '../host.ts';
import { FORMAT_OPTIONS } from '../options/format-options.ts';
import { PROGRAMS } from '../programs.ts';
import { COMMANDS as HEADER_COMMANDS, GROUPS } from '../qcow2-py/main.ts';
import { HEADER } from '../qcow2-py/header.ts';
import { COMMAND_SYNTAX } from '../qemu-img/help.ts';
import { COMMANDS as IMG_COMMANDS } from '../qemu-img/main.ts';
import { BUILTINS, SCREEN_COMMANDS } from '../shell/builtins.ts';
import { tokensOf, type Word } from '../shell/words.ts';
import { asTyped, continuing, words, type Choice, type Completion } from './candidates.ts';
import { ioChoices } from './io-line.ts';
import { continuationsOfList, FILE_VALUES, optionInList, optionsFor } from './option-list.ts';
import { optionsIn, type OptionSyntax } from './syntax.ts';

export interface CompletionRequest {
  readonly line: string;
  /** Where in the line the cursor stands; what is behind it stays. */
  readonly cursor: number;
  /** The line is one of qemu-io's own. */
  readonly isForQemuIo: boolean;
}

/** How the word before the cursor can go on. */
export async function complete(files: ConsoleFiles, request: CompletionRequest): Promise<Completion> {
  const before = request.line.slice(0, request.cursor);
  if (request.isForQemuIo) {
    const from = before.lastIndexOf(' ') + 1;
    const candidates = (await ioChoices(files, before)).map(({ word, label, about, goesOn }) => ({
      text: word.slice(from) + (goesOn === true ? '' : ' '),
      label: label ?? word.slice(from),
      about: about ?? null,
    }));
    return { from, to: request.cursor, candidates };
  }
  const { prior, current } = wordsOf(before);
  const choices = await shellChoices(files, prior, current);
  return {
    from: current?.start ?? request.cursor,
    to: request.cursor,
    candidates: choices.map((choice) => asTyped(choice, current?.openQuote ?? null)),
  };
}

/** The words of the command that the cursor stands in, and the one that it touches. */
function wordsOf(before: string): { prior: string[]; current: Word | null } {
  const tokens = tokensOf(before);
  const command = tokens.slice(tokens.findLastIndex(({ kind }) => kind === 'operator') + 1) as Word[];
  if (command[0]?.text === '$' && command.length > 1) command.shift();
  const last = command.at(-1);
  const current = last?.end === before.length ? last : null;
  return { prior: (current === null ? command : command.slice(0, -1)).map(({ text }) => text), current };
}

async function shellChoices(files: ConsoleFiles, prior: readonly string[], current: Word | null): Promise<Choice[]> {
  const typed = current?.text ?? '';
  const [program, ...args] = prior;
  if (program === undefined) {
    return continuing(typed, words([...Object.keys(PROGRAMS), ...Object.keys(BUILTINS), ...SCREEN_COMMANDS]));
  }
  switch (program) {
    case 'qemu-img':
      return imgChoices(files, args, typed);
    case 'qemu-io':
      return ioProgramChoices(files, args, typed);
    case 'qcow2.py':
      return headerChoices(files, args, typed);
    case 'ls':
      return filesBeginning(files, typed);
    default:
      return [];
  }
}

async function imgChoices(
  files: ConsoleFiles,
  [command, ...args]: readonly string[],
  typed: string,
): Promise<Choice[]> {
  if (command === undefined)
    return continuing(typed, words([...Object.keys(IMG_COMMANDS).sort(), '--help', '--version']));
  const options = optionsIn(COMMAND_SYNTAX[command] ?? '');
  return argumentChoices(files, options, args, typed, async (option) => {
    if (option.value !== 'options') return null;
    const list = optionsFor(command, formatOf(command, args));
    const name = optionInList(typed);
    if (name === null || !FILE_VALUES.has(name)) return continuing(typed, continuationsOfList(typed, list));
    const kept = typed.slice(0, typed.lastIndexOf('=') + 1);
    const found = await filesBeginning(files, typed.slice(kept.length));
    return found.map(({ word }) => ({ word: kept + word.replaceAll(',', ',,'), label: word, goesOn: true }));
  });
}

/** The format that a command line makes, as far as it says so. */
function formatOf(command: string, args: readonly string[]): string {
  const flag = command === 'convert' || command === 'measure' || command === 'dd' ? '-O' : '-f';
  return args[args.indexOf(flag) + 1 || args.length] ?? (command === 'amend' ? 'qcow2' : 'raw');
}

/** Behind the program's name, as the other lines of syntax. */
const IO_SYNTAX =
  '[-c cmd] [-f fmt] [-r] [-s] [-n] [-t cache] [-d discard] [-C] [-U] [--image-opts] [--object objectdef] filename';

async function ioProgramChoices(files: ConsoleFiles, args: readonly string[], typed: string): Promise<Choice[]> {
  return argumentChoices(files, optionsIn(IO_SYNTAX), args, typed, async (option) =>
    option.flag === '-c' ? (await ioChoices(files, typed)).map((choice) => ({ ...choice, goesOn: true })) : null,
  );
}

async function headerChoices(files: ConsoleFiles, args: readonly string[], typed: string): Promise<Choice[]> {
  const [file, command, ...rest] = args.filter((arg) => arg !== '-j');
  if (file === undefined) return filesBeginning(files, typed);
  if (command === undefined) {
    return continuing(
      typed,
      Object.entries(HEADER_COMMANDS).map(([word, { summary }]) => ({ word, about: summary })),
    );
  }
  if (rest.length > 0) return [];
  if (command === 'set-header') return continuing(typed, words(HEADER.map(({ name }) => name)));
  if (command === 'set-feature-bit') return continuing(typed, words(GROUPS));
  return continuing(typed, words(['-j']));
}

/** Options, values of the option before, or files. `special` answers for values that only the program knows. */
async function argumentChoices(
  files: ConsoleFiles,
  options: readonly OptionSyntax[],
  args: readonly string[],
  typed: string,
  special: (option: OptionSyntax) => Promise<Choice[] | null>,
): Promise<Choice[]> {
  const takesValue = options.find(({ flag, value }) => value !== null && flag === args.at(-1));
  if (takesValue !== undefined) return (await special(takesValue)) ?? valueChoices(files, takesValue, typed);
  const equals = typed.indexOf('=') + 1;
  const joined = options.find(({ flag }) => equals > 0 && flag === typed.slice(0, equals));
  if (joined !== undefined) {
    const values = await valueChoices(files, joined, typed.slice(equals));
    return values.map(({ word, ...rest }) => ({ ...rest, word: typed.slice(0, equals) + word, label: word }));
  }
  if (typed.startsWith('-')) {
    return continuing(
      typed,
      options.map(({ flag, value }) => ({
        word: flag,
        goesOn: flag.endsWith('='),
        ...(value !== null && { about: value }),
      })),
    );
  }
  // dd: if=FILE of=FILE
  const named = /^(if|of)=/.exec(typed);
  if (named === null) return filesBeginning(files, typed);
  const found = await filesBeginning(files, typed.slice(named[0].length));
  return found.map(({ word }) => ({ word: named[0] + word, label: word }));
}

const FORMATS = Object.keys(FORMAT_OPTIONS);

async function valueChoices(files: ConsoleFiles, { value, choices }: OptionSyntax, typed: string): Promise<Choice[]> {
  if (choices.length > 0) return continuing(typed, words(choices));
  switch (value) {
    case 'fmt':
    case 'output_fmt':
    case 'backing_fmt':
    case 'source_fmt':
      return continuing(typed, words(FORMATS));
    case 'cache':
    case 'src_cache':
      return continuing(typed, words(CACHE_MODES));
    case 'ofmt':
      return continuing(typed, words(['human', 'json']));
    case 'prealloc':
      return continuing(typed, words(['off', 'metadata', 'falloc', 'full']));
    case 'discard':
      return continuing(typed, words(['ignore', 'unmap']));
    case 'backing_file':
    case 'source_file':
    case 'base':
      return filesBeginning(files, typed);
    default:
      return [];
  }
}

export async function filesBeginning(files: ConsoleFiles, typed: string): Promise<Choice[]> {
  return words([...(await files.complete(typed))].sort());
}
