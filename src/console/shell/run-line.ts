import type { ConsoleHost } from '../host.ts';
import { PROGRAMS } from '../programs.ts';
import { BUILTINS } from './builtins.ts';
import { parseCommands, ShellRefusal } from './command-list.ts';
import { KilledBySignal, signalText } from './signals.ts';

/** A host whose programs end without their process ending. */
export interface ShellHost extends ConsoleHost {
  /** Ctrl+C was pressed; what is written from then on is dropped. */
  readonly isInterrupted: boolean;
  /** What the program still has open is let go as when its process ends: nothing is flushed, no image closed. */
  endProgram(): Promise<void>;
}

const NOT_FOUND = 127;
const BAD_SYNTAX = 2;
const BY_SIGNAL = 128;
const SIGINT = 2;

/** Runs the commands of a line one after the other. @returns the exit code of the last that ran */
export async function runLine(host: ShellHost, line: string): Promise<number> {
  let commands;
  try {
    commands = parseCommands(line);
  } catch (error) {
    if (!(error instanceof ShellRefusal)) throw error;
    host.writeErr(`console: ${error.message}\n`);
    return BAD_SYNTAX;
  }
  let exitCode = 0;
  for (const { when, words } of commands) {
    // What came before can be seen while the next command works.
    host.flushOut();
    if (host.isInterrupted) return BY_SIGNAL + SIGINT;
    if ((when === 'succeeded' && exitCode !== 0) || (when === 'failed' && exitCode === 0)) continue;
    exitCode = await runCommand(host, words);
  }
  return exitCode;
}

async function runCommand(host: ShellHost, [name = '', ...args]: readonly string[]): Promise<number> {
  const program = PROGRAMS[name] ?? BUILTINS[name];
  if (program === undefined) {
    host.writeErr(`${name}: command not found\n`);
    return NOT_FOUND;
  }
  try {
    const exitCode = await program(host, args);
    return host.isInterrupted ? BY_SIGNAL + SIGINT : exitCode;
  } catch (error) {
    if (host.isInterrupted) return BY_SIGNAL + SIGINT;
    if (!(error instanceof KilledBySignal)) throw error;
    const text = signalText(error.signal);
    if (text !== null) host.writeErr(`${text}\n`);
    return BY_SIGNAL + error.signal;
  } finally {
    await host.endProgram();
  }
}
