import { isEngineError, type CacheMode } from '#engine';
import { AIO_MODES, strongestAioMode } from '../../options/aio-mode.ts';
import { parseCacheMode } from '../../options/cache-mode.ts';
import { parseDiscardMode } from '../../options/discard-mode.ts';
import { shareIn } from '../../options/force-share.ts';
import { takeSwitch } from '../../options/take-values.ts';
import { parseOptions, type Options } from '../../options/options.ts';
import { IoComplaint, IoRefusal, IoUsage, type IoCommand } from '../command.ts';
import { flagsOf } from '../flags.ts';
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
    let cacheMode: CacheMode = 'writethrough';
    let passesDiscards = true;
    const options: Options = new Map();
    const judge = (name: string, value: string) => {
      if (name === 'n') cacheMode = 'none';
      else if (name === 't') cacheMode = cacheModeOf(value);
      else if (name === 'd') passesDiscards = discardModeOf(value);
      else if (name === 'i') mustBeAioMode(value);
      else if (name === 'o') {
        if (session.imageOptions) throw new IoRefusal("--image-opts and 'open -o' are mutually exclusive");
        addOptions(session, options, value);
      }
    };
    const flags = flagsOf('open', args, 'snCro:ki:t:d:U', { judge });
    const aio = strongestAioMode(flags.has('k') ? ['native'] : (flags.values.get('i') ?? []));
    const words = [...flags.words];
    if (session.imageOptions && words.length === 1) {
      addOptions(session, options, words.pop()!);
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
    let { cacheMode } = session.opened!;
    let hasMode = false;
    const options: Options = new Map();
    const judge = (name: string, value: string) => {
      if (name === 'c') cacheMode = cacheModeOf(value);
      else if (name === 'o') addOptions(session, options, value);
      else if (hasMode) throw new IoComplaint('Only one -r/-w option may be given');
      else hasMode = true;
    };
    const flags = flagsOf('reopen', args, 'c:o:rw', { judge });
    if (flags.words.length > 0) throw new IoUsage();
    const refusal = refusalOf(options, { hasMode, hasCacheMode: flags.has('c') });
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

/** @throws IoComplaint */
function cacheModeOf(text: string): CacheMode {
  const mode = parseCacheMode(text);
  if (mode === null) throw new IoComplaint(`Invalid cache option: ${text}`);
  return mode;
}

/** @throws IoComplaint */
function discardModeOf(text: string): boolean {
  const passes = parseDiscardMode(text);
  if (passes === null) throw new IoComplaint(`Invalid discard option: ${text}`);
  return passes;
}

/** @throws IoComplaint */
function mustBeAioMode(text: string): void {
  if (!AIO_MODES.includes(text)) throw new IoComplaint(`Invalid aio option: ${text}`);
}

function addOptions(session: IoSession, options: Options, text: string): void {
  for (const [name, value] of parseOptions(text, (message) => session.complain(message))) options.set(name, value);
}
