import { isEngineError, Suspension } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { AIO_MODES, strongestAioMode } from '../options/aio-mode.ts';
import { parseCacheMode } from '../options/cache-mode.ts';
import { parseDiscardMode } from '../options/discard-mode.ts';
import { shareIn } from '../options/force-share.ts';
import { getopt } from '../options/getopt.ts';
import { defineObject, ObjectHelp } from '../options/objects.ts';
import { parseOptions, type Options } from '../options/options.ts';
import { paceOf } from '../pace.ts';
import { IoComplaint, IoRefusal, IoUsage } from './command.ts';
import { findCommand, usageOf } from './commands/index.ts';
import { IoSession } from './session.ts';

const SHORT = 'hVc:d:f:rsnCmki:t:T:U';
const LONG = {
  help: 'h',
  version: 'V',
  'cmd=': 'c',
  'format=': 'f',
  'read-only': 'r',
  snapshot: 's',
  nocache: 'n',
  'copy-on-read': 'C',
  misalign: 'm',
  'native-aio': 'k',
  'aio=': 'i',
  'discard=': 'd',
  'cache=': 't',
  'trace=': 'T',
  'force-share': 'U',
  'object=': 'object',
  'image-opts': 'image-opts',
};

const USAGE = `Usage: qemu-io [OPTIONS]... [-c STRING]... [file]
QEMU disk exerciser

  -c, --cmd STRING     a command, as typed at the prompt; may be given many times
  -f, --format FMT     the format of the file
  -r, --read-only      open read-only
  -s, --snapshot       writes go to a temporary overlay
  -C, --copy-on-read   what is read from the backing file is kept in the image
  -n, --nocache        cache mode none
  -t, --cache=MODE     cache mode (none, writeback, writethrough, directsync, unsafe)
  -d, --discard=MODE   discard mode (ignore/off, unmap/on)
      --image-opts     the file is given as options
      --object DEF     defines an object, such as a secret
  -h, --help           this text
  -V, --version        the version
`;

/**
 * The program qemu-io: opens a file and carries out commands, those of `-c` or else of standard input.
 * @returns the exit code: 1 if anything failed
 */
export async function qemuIo(host: ConsoleHost, args: readonly string[]): Promise<number> {
  const commands: string[] = [];
  const words: string[] = [];
  const objects = new Map<string, Uint8Array>();
  let writable = true;
  let snapshot = false;
  let copyOnRead = false;
  const aioModes: string[] = [];
  let passesDiscards = true;
  let isShared = false;
  let imageOptions = false;
  let cacheMode = parseCacheMode('writethrough')!;
  let format: string | null = null;
  for (const argument of getopt('qemu-io', args, { short: SHORT, long: LONG })) {
    if (argument.kind === 'problem') {
      host.writeErr(`${argument.message}\n`);
      host.writeOut(USAGE);
      return 1;
    }
    if (argument.kind === 'word') {
      words.push(argument.value);
      continue;
    }
    const { name, value } = argument;
    if (name === 'c') commands.push(value);
    else if (name === 'f') format = value;
    else if (name === 'r') writable = false;
    else if (name === 's') snapshot = true;
    else if (name === 'C') copyOnRead = true;
    else if (name === 'n') cacheMode = 'none';
    else if (name === 'image-opts') imageOptions = true;
    else if (name === 'object') {
      const exitCode = await define(host, objects, value);
      if (exitCode !== null) return exitCode;
    } else if (name === 't') {
      const mode = parseCacheMode(value);
      if (mode === null) return complain(host, `Invalid cache option: ${value}`);
      cacheMode = mode;
    } else if (name === 'k') aioModes.push('native');
    else if (name === 'i') {
      if (!AIO_MODES.includes(value)) return complain(host, `Invalid aio option: ${value}`);
      aioModes.push(value);
    } else if (name === 'U') isShared = true;
    else if (name === 'd') {
      const passes = parseDiscardMode(value);
      if (passes === null) return complain(host, `Invalid discard option: ${value}`);
      passesDiscards = passes;
    } else if (name === 'h') {
      host.writeOut(USAGE);
      return 0;
    } else if (name === 'V') {
      host.writeOut('qemu-io version 7.2.22\n');
      return 0;
    }
  }
  if (words.length > 1) {
    host.writeOut(USAGE);
    return 1;
  }
  if (format !== null && imageOptions) return complain(host, '--image-opts and -f are mutually exclusive');

  const session = new IoSession(host, { imageOptions, objects });
  if (words[0] !== undefined) {
    const options: Options = imageOptions ? parseOptions(words[0], (message) => session.complain(message)) : new Map();
    if (format !== null) options.set('driver', format);
    const filename = imageOptions ? null : words[0];
    if (isShared && !shareIn(options)) return complain(host, '-U conflicts with image options');
    const aio = strongestAioMode(aioModes);
    const opened = { filename, options, writable, cacheMode, aio, passesDiscards, snapshot, copyOnRead };
    if (!(await session.open(opened))) return 1;
  }
  const succeeded = await (commands.length > 0 ? runAll(session, commands) : interact(session));
  try {
    session.close();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return complain(host, error.message);
  }
  return succeeded ? 0 : 1;
}

/** @returns an exit code where the program ends with the object; null otherwise */
async function define(host: ConsoleHost, objects: Map<string, Uint8Array>, definition: string): Promise<number | null> {
  try {
    await defineObject(host, objects, definition);
    return null;
  } catch (error) {
    if (error instanceof ObjectHelp) {
      host.writeOut(error.message);
      return 0;
    }
    if (!isEngineError(error)) throw error;
    return complain(host, error.hint === null ? error.message : `${error.message}\n${error.hint}`);
  }
}

function complain(host: ConsoleHost, message: string): number {
  host.writeErr(`qemu-io: ${message}\n`);
  return 1;
}

async function runAll(session: IoSession, commands: readonly string[]): Promise<boolean> {
  let succeeded = true;
  const pace = paceOf(session.host);
  for (const command of commands) {
    if (session.hasQuit) break;
    if (!(await runCommand(session, command))) succeeded = false;
    await pace();
  }
  return succeeded;
}

async function interact(session: IoSession): Promise<boolean> {
  let succeeded = true;
  while (!session.hasQuit) {
    session.print('qemu-io> ');
    session.host.flushOut();
    const line = await session.host.readLine();
    if (line === null) break;
    if (!(await runCommand(session, line))) succeeded = false;
    // QEMU's event loop takes a line that is there already before the outcome of a request that needs the disk.
    const hasNews = session.node !== null && session.requests.hasNews;
    if (hasNews && !(await session.host.hasLine?.())) session.requests.tell();
  }
  return succeeded;
}

/** Carries out one line; what is wrong with it is printed. */
export async function runCommand(session: IoSession, line: string): Promise<boolean> {
  const [name, ...args] = line.split(' ').filter((word) => word !== '');
  if (name === undefined) return true;
  const command = findCommand(name);
  if (command === null) {
    session.host.writeErr(`command "${name}" not found\n`);
    return false;
  }
  if (command.worksWithoutFile !== true && session.node === null) {
    session.host.writeErr("no file open, try 'help open'\n");
    return false;
  }
  const { argumentsMin: min, argumentsMax: max } = command;
  if (args.length < min || (max !== null && args.length > max)) {
    const expected = max === null ? `at least ${min}` : min === max ? String(min) : `between ${min} and ${max}`;
    session.host.writeErr(`bad argument count ${args.length} to ${name}, expected ${expected} arguments\n`);
    return false;
  }
  if (command.writes === true && session.disk.isReadOnly) {
    session.complain('Block node is read-only');
    return false;
  }
  try {
    return await command.run(session, args);
  } catch (error) {
    if (error instanceof IoRefusal) session.print(`${error.message}\n`);
    else if (error instanceof IoComplaint) session.complain(error.message);
    else if (error instanceof IoUsage) {
      if (error.message !== '') session.host.writeErr(`${error.message}\n`);
      session.print(`${usageOf(command)}\n`);
    } else if (error instanceof Suspension) {
      error.release();
      session.complain(`${error.message} Only requests of aio_read and aio_write can wait to be resumed.`);
    } else throw error;
    return false;
  }
}
