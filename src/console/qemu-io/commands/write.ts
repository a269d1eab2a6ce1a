import { strerror } from '../../text/strerror.ts';
import {
  IoRefusal,
  IoUsage,
  judgePattern,
  lengthOf,
  mustBeSectors,
  mustLieWithin,
  numberOf,
  patternOf,
  REQUEST_LENGTH_MAX,
  totalLength,
  type IoCommand,
} from '../command.ts';
import type { Access } from '../aio-requests.ts';
import { flagsOf, type IoFlags } from '../flags.ts';
import { timed, type Outcome } from '../outcome.ts';
import type { IoSession } from '../session.ts';

const PATTERN = 0xcd;

export const WRITE: IoCommand = {
  name: 'write',
  alias: 'w',
  argumentsMin: 2,
  argumentsMax: null,
  writes: true,
  usage: '[-bcCfnquz] [-P pattern | -s source_file] off len',
  summary: 'writes a number of bytes at a specified offset',
  help: 'Writes to a part of the open file, 0xcd bytes unless told otherwise. -b: to the VM state, -c: compressed, -C: figures\nfor programs, -f: durable on return, -n: no slow way for zeroes, -P: this byte, -s: bytes of a file, -u: with -z, give\nclusters back, -z: zeroes, -q: no figures.',
  async run(session, args) {
    const flags = flagsOf('write', args, 'bcCfnpP:qs:uz', { judge: judgePattern });
    const value = flags.has('P') ? patternOf(flags.value('P')!) : PATTERN;
    if (flags.words.length !== 2) throw new IoUsage();
    refuseCombinations(flags);
    const at = numberOf(flags.words[0]!);
    const length = numberOf(flags.words[1]!);
    if (length > REQUEST_LENGTH_MAX && !flags.has('n')) {
      throw new IoRefusal(`length cannot exceed ${REQUEST_LENGTH_MAX} without -n, given ${flags.words[1]}`);
    }
    if (flags.has('b') || flags.has('c')) {
      mustBeSectors(at, 'offset');
      mustBeSectors(length, 'count');
    }
    const source = flags.value('s');
    if (flags.has('z')) return write(session, { at, length, flags, bytes: null, failure: 'write failed' });
    const bytes =
      source === undefined ? new Uint8Array(length).fill(value) : await bytesOfFile(session, source, length);
    return bytes !== null && write(session, { at, length, flags, bytes, failure: 'write failed' });
  },
};

export const WRITEV: IoCommand = {
  name: 'writev',
  argumentsMin: 2,
  argumentsMax: null,
  writes: true,
  usage: '[-Cfq] [-P pattern] off len [len..]',
  summary: 'writes a number of bytes at a specified offset',
  help: 'Writes to a part of the open file from as many buffers as lengths are given.',
  run: (session, args) => write(session, vectorOf('writev', flagsOf('writev', args, 'CfqP:', { judge: judgePattern }))),
};

export const AIO_WRITE: IoCommand = {
  name: 'aio_write',
  argumentsMin: 2,
  argumentsMax: null,
  writes: true,
  usage: '[-Cfiquz] [-P pattern] off len [len..]',
  summary: 'asynchronously writes a number of bytes',
  help: 'Submits a write; it counts as successful whatever becomes of it. -i: an invalid request, for statistics, -u: with -z,\ngive clusters back, -z: zeroes.',
  run(session, args) {
    const flags = flagsOf('aio_write', args, 'CfiqP:uz', { judge: judgePattern, last: 'i' });
    if (flags.has('i')) {
      session.print('injecting invalid write request\n');
      return true;
    }
    if (flags.words.length < 2) throw new IoUsage();
    if (flags.has('z') && flags.words.length > 2) throw new IoRefusal('-z supports only a single length parameter');
    if (flags.has('u') && !flags.has('z')) throw new IoRefusal('-u requires -z to be specified');
    const request = vectorOf('aio_write', flags);
    session.requests.submit({ ...accessOf(request), run: () => outcomeOf(session, request) });
    return true;
  },
};

export const DISCARD: IoCommand = {
  name: 'discard',
  alias: 'd',
  argumentsMin: 2,
  argumentsMax: null,
  writes: true,
  usage: '[-Cq] off len',
  summary: 'discards a number of bytes at a specified offset',
  help: 'Gives back a part of the open file; it reads as zeroes afterwards where the format can say so.',
  run(session, args) {
    const flags = flagsOf('discard', args, 'Cq');
    if (flags.words.length !== 2) throw new IoUsage();
    const at = numberOf(flags.words[0]!);
    const length = lengthOf(flags.words[1]!);
    return session.perform({ at, length, writes: false }, () =>
      timed(session, { name: 'discard', at, length, flags, failure: 'discard failed' }, () => {
        mustLieWithin(session, at, length);
        session.disk.discard(at, length);
      }),
    );
  },
};

interface WriteRequest {
  readonly at: number;
  readonly length: number;
  readonly flags: IoFlags;
  /** null: zeroes. */
  readonly bytes: Uint8Array | null;
  readonly failure: string;
}

function refuseCombinations(flags: IoFlags): void {
  const has = (name: string) => flags.has(name);
  if (has('b') && has('z')) throw new IoRefusal('-b and -z cannot be specified at the same time');
  if (has('f') && (has('b') || has('c'))) throw new IoRefusal('-f and -b or -c cannot be specified at the same time');
  if (has('n') && !has('z')) throw new IoRefusal('-n requires -z to be specified');
  if (has('u') && !has('z')) throw new IoRefusal('-u requires -z to be specified');
  if ([has('z'), has('P'), has('s')].filter(Boolean).length > 1) {
    throw new IoRefusal('Only one of -z, -P, and -s can be specified at the same time');
  }
}

/** @throws IoUsage, IoRefusal */
function vectorOf(name: string, flags: IoFlags): WriteRequest {
  const value = flags.has('P') ? patternOf(flags.value('P')!) : PATTERN;
  if (flags.words.length < 2) throw new IoUsage();
  const at = numberOf(flags.words[0]!);
  const length = totalLength(flags.words.slice(1));
  const bytes = flags.has('z') ? null : new Uint8Array(length).fill(value);
  return { at, length, flags, bytes, failure: `${name} failed` };
}

function write(session: IoSession, request: WriteRequest): Promise<boolean> {
  return session.perform(accessOf(request), () => outcomeOf(session, request));
}

/** Zeroes only change entries, in QEMU too; they wait for nobody. */
function accessOf({ at, length, bytes }: WriteRequest): Access {
  return { at, length, writes: bytes !== null };
}

function outcomeOf(session: IoSession, { at, length, flags, bytes, failure }: WriteRequest): Outcome {
  return timed(session, { name: 'wrote', at, length, flags, failure }, () => {
    const { disk } = session;
    if (flags.has('b')) return disk.writeVmState(at, bytes!);
    mustLieWithin(session, at, length);
    if (bytes === null) disk.writeZeroes(at, length, { unmap: flags.has('u') });
    else disk.writeAt(at, bytes, { compressed: flags.has('c') });
    if (flags.has('f')) disk.flush();
  });
}

/** `length` bytes of a file, over and over again if it is shorter; null (and a complaint) where it cannot be used. */
async function bytesOfFile(session: IoSession, name: string, length: number): Promise<Uint8Array | null> {
  try {
    const storage = await session.host.files.open(name, 'read');
    const content = new Uint8Array(Math.min(length, storage.size));
    storage.read(0, content);
    storage.close();
    if (content.length === 0) {
      session.host.writeErr(`${name}: file is empty\n`);
      return null;
    }
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += content.length) bytes.set(content.subarray(0, length - at), at);
    return bytes;
  } catch (error) {
    session.host.writeErr(`${name}: ${strerror(error)}\n`);
    return null;
  }
}
