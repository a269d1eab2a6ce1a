import { CACHE_MODES } from '#engine';
import type { ConsoleFiles } from '../host.ts';
import { ALL as IO_COMMANDS, findCommand } from '../qemu-io/commands/index.ts';
import { continuing, words, type Choice } from './candidates.ts';

/** How a line of qemu-io can go on; the choices are whole lines. */
export async function ioChoices(files: ConsoleFiles, line: string): Promise<Choice[]> {
  const start = line.lastIndexOf(' ') + 1;
  const kept = line.slice(0, start);
  const [name, ...args] = kept.split(' ').filter((word) => word !== '');
  const choices = name === undefined ? commandNames() : await argumentsOf(files, name, args.at(-1), line.slice(start));
  return continuing(
    line,
    choices.map((choice) => ({ ...choice, word: kept + choice.word, label: choice.word })),
  );
}

function commandNames(): Choice[] {
  return IO_COMMANDS.map(({ name, summary }) => ({ word: name, about: summary }));
}

async function argumentsOf(
  files: ConsoleFiles,
  name: string,
  last: string | undefined,
  typed: string,
): Promise<Choice[]> {
  const command = findCommand(name);
  if (command === null) return [];
  if (command.name === 'help') return commandNames();
  if (last === '-t' || (last === '-c' && command.name === 'reopen')) return words(CACHE_MODES);
  if (typed.startsWith('-')) return words(lettersIn(command.usage ?? '').map((letter) => `-${letter}`));
  return command.name === 'open' || last === '-s' ? words(await files.complete(typed)) : [];
}

/** The letters of the options in a usage such as `[-bcC] [-P pattern | -s source_file] off len`. */
function lettersIn(usage: string): string[] {
  return [...usage.matchAll(/(?<![\w-])-([A-Za-z]+)/g)].flatMap(([, letters = '']) => [...letters]);
}
