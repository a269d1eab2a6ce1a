import { isEngineError } from '#engine';
import { AIO_MODES, strongestAioMode } from '../../options/aio-mode.ts';
import { parseCacheMode } from '../../options/cache-mode.ts';
import { parseDiscardMode } from '../../options/discard-mode.ts';
import { shareIn } from '../../options/force-share.ts';
import { takeSwitch } from '../../options/take-values.ts';
import { parseOptions, type Options } from '../../options/options.ts';
import { IoRefusal, IoUsage, type IoCommand } from '../command.ts';
import { flagsOf, type IoFlags } from '../flags.ts';
import type { IoSession } from '../session.ts';

export const OPEN: IoCommand = {
  name: 'open',
  alias: 'o',
  argumentsMin: 1,
  argumentsMax: null,
  worksWithoutFile: true,
  usage: '[-rsCnkU] [-t cache] [-d discard] [-o options] [path]',
  summary: 'open the file specified by path',
  help: 'Opens a file for the commands that follow. -r: read-only, -s: writes go to a temporary overlay, -n: cache mode none,\n-t: cache mode, -o: options of the block drivers.',
  async run(session, args) {
    const flags = flagsOf('open', args, 'snCro:ki:t:d:U');
    const cacheMode = flags.has('n') ? 'none' : parseCacheMode(flags.value('t') ?? 'writethrough');
    if (cacheMode === null) {
      session.complain(`Invalid cache option: ${flags.value('t')}`);
      return false;
    }
    const aioModes = flags.values.get('i') ?? [];
    const unknown = aioModes.find((mode) => !AIO_MODES.includes(mode));
    if (unknown !== undefined) {
      session.complain(`Invalid aio option: ${unknown}`);
      return false;
    }
    const aio = strongestAioMode(flags.has('k') ? ['native'] : aioModes);
    const passesDiscards = parseDiscardMode(flags.value('d') ?? 'unmap');
    if (passesDiscards === null) {
      session.complain(`Invalid discard option: ${flags.value('d')}`);
      return false;
    }
    if (flags.has('o') && session.imageOptions)
      throw new IoRefusal("--image-opts and 'open -o' are mutually exclusive");
    const options = optionsOf(session, flags);
    const words = [...flags.words];
    if (session.imageOptions && words.length === 1) {
      for (const [name, value] of parsed(session, words.pop()!)) options.set(name, value);
    }
    if (words.length > 1) throw new IoUsage();
    if (flags.has('U') && !shareIn(options)) {
      session.complain('-U conflicts with image options');
      return false;
    }
    const writable = !flags.has('r');
    const [filename = null] = words;
    const [snapshot, copyOnRead] = [flags.has('s'), flags.has('C')];
    return session.open({ filename, options, writable, cacheMode, aio, passesDiscards, snapshot, copyOnRead });
  },
};

export const REOPEN: IoCommand = {
  name: 'reopen',
  argumentsMin: 0,
  argumentsMax: null,
  usage: '[(-r|-w)] [-c cache] [-o options]',
  summary: 'reopens an image with new options',
  help: 'Changes how the open file is open: -r read-only, -w writable, -c cache mode, -o options of the block driver.',
  async run(session, args) {
    const flags = flagsOf('reopen', args, 'c:o:rw');
    if (flags.words.length > 0) throw new IoUsage();
    const cacheText = flags.value('c');
    const cacheMode = cacheText === undefined ? session.opened!.cacheMode : parseCacheMode(cacheText);
    if (cacheMode === null) {
      session.complain(`Invalid cache option: ${cacheText}`);
      return false;
    }
    if (flags.has('r') && flags.has('w')) {
      session.complain('Only one -r/-w option may be given');
      return false;
    }
    const options = optionsOf(session, flags);
    const hasMode = flags.has('r') || flags.has('w');
    const refusal = refusalOf(options, { hasMode, hasCacheMode: cacheText !== undefined });
    if (refusal !== null) {
      session.complain(refusal);
      return false;
    }
    try {
      const { writable } = session.opened!;
      const isReadOnly = hasMode ? flags.has('r') : (takeSwitch(options, 'read-only') ?? !writable);
      if (isReadOnly && writable && !hasMode) {
        // Only -r takes the program's own claim to write back. QEMU draws lots for the names of nodes that have none.
        session.complain(
          `Read-only block node '${session.disk.origin.nodeName ?? '#block'}' cannot support read-write users`,
        );
        return false;
      }
      await session.reopen({ writable: !isReadOnly, cacheMode, options });
      return true;
    } catch (error) {
      if (!isEngineError(error)) throw error;
      session.complain(error.message);
      if (error.hint !== null) session.host.writeErr(`${error.hint}\n`);
      return false;
    }
  },
};

/** What the command's own options say must not be said a second time. */
function refusalOf(
  options: Options,
  { hasMode, hasCacheMode }: { readonly hasMode: boolean; readonly hasCacheMode: boolean },
): string | null {
  if (hasMode && options.has('read-only')) return "Cannot set both -r/-w and 'read-only'";
  const hasCacheOptions = options.has('cache.direct') || options.has('cache.no-flush');
  return hasCacheMode && hasCacheOptions ? 'Cannot set both -c and the cache options' : null;
}

function optionsOf(session: IoSession, flags: IoFlags): Options {
  const options: Options = new Map();
  for (const text of flags.values.get('o') ?? []) {
    for (const [name, value] of parsed(session, text)) options.set(name, value);
  }
  return options;
}

function parsed(session: IoSession, text: string): Options {
  return parseOptions(text, (message) => session.complain(message));
}
