import type { IoCommand } from '../command.ts';
import { BREAK, REMOVE_BREAK, RESUME, WAIT_BREAK } from './breakpoints.ts';
import { OPEN, REOPEN } from './open.ts';
import { INFO } from './info.ts';
import {
  ABORT_COMMAND,
  AIO_FLUSH,
  ALLOC,
  CLOSE,
  FLUSH,
  LENGTH,
  MAP,
  QUIT,
  SIGRAISE,
  SLEEP,
  TRUNCATE,
} from './other.ts';
import { AIO_READ, READ, READV } from './read.ts';
import { AIO_WRITE, DISCARD, WRITE, WRITEV } from './write.ts';

const COMMANDS: readonly IoCommand[] = [
  ABORT_COMMAND,
  AIO_FLUSH,
  AIO_READ,
  AIO_WRITE,
  ALLOC,
  BREAK,
  CLOSE,
  DISCARD,
  FLUSH,
  INFO,
  LENGTH,
  MAP,
  OPEN,
  QUIT,
  READ,
  READV,
  REMOVE_BREAK,
  REOPEN,
  RESUME,
  SIGRAISE,
  SLEEP,
  TRUNCATE,
  WAIT_BREAK,
  WRITE,
  WRITEV,
];

export const HELP: IoCommand = {
  name: 'help',
  alias: '?',
  argumentsMin: 0,
  argumentsMax: 1,
  worksWithoutFile: true,
  usage: '[command]',
  summary: 'help for one or all commands',
  help: 'Lists the commands, or says more of one.',
  run(session, args) {
    if (args[0] === undefined) {
      for (const command of ALL) session.print(`${usageOf(command)}\n`);
      session.print("\nUse 'help commandname' for extended help.\n");
      return true;
    }
    const command = findCommand(args[0]);
    if (command === null) {
      session.print(`command ${args[0]} not found\n`);
      return false;
    }
    session.print(`${usageOf({ ...command, name: args[0] })}\n\n${command.help}\n\n`);
    return true;
  },
};

/** By name. */
export const ALL: readonly IoCommand[] = [...COMMANDS, HELP].sort((a, b) => (a.name < b.name ? -1 : 1));

export function findCommand(name: string): IoCommand | null {
  return ALL.find((command) => command.name === name || command.alias === name) ?? null;
}

export function usageOf({ name, usage, summary }: IoCommand): string {
  return usage === null ? `${name} -- ${summary}` : `${name} ${usage} -- ${summary}`;
}
