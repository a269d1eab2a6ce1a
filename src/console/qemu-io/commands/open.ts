import { isEngineError } from '#engine';
import { parseCacheMode } from '../../options/cache-mode.ts';
import { parsePairs, type Options } from '../../options/options.ts';
import { IoRefusal, IoUsage, type IoCommand } from '../command.ts';
import { flagsOf, type IoFlags } from '../flags.ts';

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
    if (flags.has('o') && session.imageOptions)
      throw new IoRefusal("--image-opts and 'open -o' are mutually exclusive");
    const options = optionsOf(flags);
    const words = [...flags.words];
    if (session.imageOptions && words.length === 1) {
      for (const [name, value] of parsePairs(words.pop()!, 'file')) options.set(name, value);
    }
    if (words.length > 1) throw new IoUsage();
    const writable = !flags.has('r') && options.get('read-only') !== 'on';
    options.delete('read-only');
    return session.open({ filename: words[0] ?? null, options, writable, cacheMode, snapshot: flags.has('s') });
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
    const writable = flags.has('w') || (!flags.has('r') && session.opened!.writable);
    try {
      await session.reopen({ writable, cacheMode, options: optionsOf(flags) });
      return true;
    } catch (error) {
      if (!isEngineError(error)) throw error;
      session.complain(error.message);
      return false;
    }
  },
};

function optionsOf(flags: IoFlags): Options {
  const options: Options = new Map();
  for (const text of flags.values.get('o') ?? []) {
    for (const [name, value] of parsePairs(text)) options.set(name, value);
  }
  return options;
}
