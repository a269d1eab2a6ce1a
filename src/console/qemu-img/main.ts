import type { ConsoleHost } from '../host.ts';
import { amend } from './commands/amend.ts';
import { bench } from './commands/bench.ts';
import { bitmap } from './commands/bitmap.ts';
import { check } from './commands/check.ts';
import { commit } from './commands/commit.ts';
import { compare } from './commands/compare.ts';
import { convert } from './commands/convert.ts';
import { create } from './commands/create.ts';
import { dd } from './commands/dd.ts';
import { info } from './commands/info.ts';
import { map } from './commands/map.ts';
import { measure } from './commands/measure.ts';
import { rebase } from './commands/rebase.ts';
import { resize } from './commands/resize.ts';
import { snapshot } from './commands/snapshot.ts';
import { FORMAT_OPTIONS } from '../options/format-options.ts';
import { getopt } from '../options/getopt.ts';
import { ObjectHelp } from '../options/objects.ts';
import { helpText, VERSION_TEXT } from './help.ts';
import { HelpWanted, ImgFailure, misused, mustBeEngineError } from './failure.ts';
import { problemText, type ImgCommand } from './invocation.ts';

export const COMMANDS: Readonly<Record<string, ImgCommand>> = {
  amend,
  bench,
  bitmap,
  check,
  commit,
  compare,
  convert,
  create,
  dd,
  info,
  map,
  measure,
  rebase,
  resize,
  snapshot,
};

/** The program qemu-img. @returns the exit code */
export async function qemuImg(host: ConsoleHost, args: readonly string[]): Promise<number> {
  try {
    if (args.length === 0) throw misused('Not enough arguments');
    const start = args.findIndex((arg) => arg === '-' || arg === '--' || !arg.startsWith('-'));
    const [leading, others] = start < 0 ? [args, []] : [args.slice(0, start), args.slice(start)];
    for (const argument of getopt('qemu-img', leading, { short: 'hV', long: { help: 'h', version: 'V' } })) {
      if (argument.kind === 'problem') throw misused(problemText(argument, 'qemu-img'));
      if (argument.kind === 'option' && argument.name === 'h') throw new HelpWanted();
      host.writeOut(VERSION_TEXT);
      return 0;
    }
    const [name, ...rest] = others[0] === '--' ? others.slice(1) : others;
    if (name === undefined) return 0;
    if (name === 'help') throw new HelpWanted();
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw misused(`Command not found: ${name}`);
    return await command(host, rest);
  } catch (error) {
    if (error instanceof HelpWanted) {
      host.writeOut(helpText(Object.keys(FORMAT_OPTIONS)));
      return 0;
    }
    if (error instanceof ObjectHelp) {
      host.writeOut(error.message);
      return 0;
    }
    const { message, hints, isTerminated, exitCode } = failureOf(error);
    host.writeErr([`qemu-img: ${message}`, ...hints].join('\n') + (isTerminated ? '\n' : ''));
    return exitCode;
  }
}

function failureOf(error: unknown): ImgFailure {
  if (error instanceof ImgFailure) return error;
  return ImgFailure.of(mustBeEngineError(error));
}
