import { transferMemory } from '#engine';
import type { Access } from '../aio-requests.ts';
import {
  IoRefusal,
  IoUsage,
  judgePattern,
  lengthOf,
  mustBeSectors,
  mustLieWithin,
  numberOf,
  patternOf,
  totalLength,
  type IoCommand,
} from '../command.ts';
import { flagsOf, type IoFlags } from '../flags.ts';
import { inTurn, timed, type Outcome } from '../outcome.ts';
import { dump } from '../report.ts';
import type { IoSession } from '../session.ts';

/** Reading a range, however the command spells it. */
interface ReadRequest {
  readonly at: number;
  readonly length: number;
  readonly flags: IoFlags;
  /** Part of the range that a pattern is compared with. */
  readonly pattern: { readonly value: number; readonly skip: number; readonly length: number } | null;
  readonly fromVmState: boolean;
  readonly failure: string;
}

export const READ: IoCommand = {
  name: 'read',
  alias: 'r',
  argumentsMin: 2,
  argumentsMax: null,
  usage: '[-abCqv] [-P pattern [-s off] [-l len]] off len',
  summary: 'reads a number of bytes at a specified offset',
  help: 'Reads a part of the open file. -b: from the VM state, -C: figures for programs, -P: compare with a pattern, -l and\n-s: length and start of the compared part, -v: show the bytes, -q: no figures.',
  run(session, args) {
    const flags = flagsOf('read', args, 'bCl:pP:qs:v', { judge: judgeOption });
    const countText = flags.value('l');
    const partLength = countText === undefined ? null : numberOf(countText);
    const skip = numberOf(flags.value('s') ?? '0');
    const value = flags.has('P') ? patternOf(flags.value('P')!) : null;
    if (flags.words.length !== 2) throw new IoUsage();
    const at = numberOf(flags.words[0]!);
    const length = lengthOf(flags.words[1]!);
    if (value === null && (partLength !== null || flags.has('s'))) throw new IoUsage();
    const compared = partLength ?? length - skip;
    if (compared < 0 || compared + skip > length)
      throw new IoRefusal('pattern verification range exceeds end of read data');
    if (flags.has('b')) {
      mustBeSectors(at, 'offset');
      mustBeSectors(length, 'count');
    }
    const pattern = value === null ? null : { value, skip, length: compared };
    return read(session, { at, length, flags, pattern, fromVmState: flags.has('b'), failure: 'read failed' });
  },
};

/** @throws IoRefusal */
function judgeOption(name: string, value: string): void {
  judgePattern(name, value);
  if (name === 'l' || name === 's') numberOf(value);
}

export const READV: IoCommand = {
  name: 'readv',
  argumentsMin: 2,
  argumentsMax: null,
  usage: '[-Cqv] [-P pattern] off len [len..]',
  summary: 'reads a number of bytes at a specified offset',
  help: 'Reads a part of the open file into as many buffers as lengths are given.',
  run: (session, args) => read(session, vectorOf('readv', flagsOf('readv', args, 'CP:qv', { judge: judgePattern }))),
};

export const AIO_READ: IoCommand = {
  name: 'aio_read',
  argumentsMin: 2,
  argumentsMax: null,
  usage: '[-Ciqv] [-P pattern] off len [len..]',
  summary: 'asynchronously reads a number of bytes',
  help: 'Submits a read; it counts as successful whatever becomes of it. -i: an invalid request, for statistics.',
  run(session, args) {
    const flags = flagsOf('aio_read', args, 'CP:iqv', { judge: judgePattern, last: 'i' });
    if (flags.has('i')) {
      session.print('injecting invalid read request\n');
      return true;
    }
    const request = vectorOf('readv', flags);
    session.requests.submit({ ...accessOf(request), run: () => outcomeOf(session, request) });
    return true;
  },
};

/** @throws IoUsage, IoRefusal */
function vectorOf(name: string, flags: IoFlags): ReadRequest {
  const value = flags.has('P') ? patternOf(flags.value('P')!) : null;
  if (flags.words.length < 2) throw new IoUsage();
  const at = numberOf(flags.words[0]!);
  const length = totalLength(flags.words.slice(1));
  const pattern = value === null ? null : { value, skip: 0, length };
  return { at, length, flags, pattern, fromVmState: false, failure: `${name} failed` };
}

function read(session: IoSession, request: ReadRequest): Promise<boolean> {
  return session.perform(accessOf(request), () => outcomeOf(session, request));
}

function accessOf({ at, length }: ReadRequest): Access {
  return { at, length, writes: false };
}

function outcomeOf(session: IoSession, request: ReadRequest): Outcome {
  const { at, length, flags, fromVmState, failure } = request;
  const bytes = transferMemory(length);
  const read = () => {
    if (fromVmState) return session.disk.readVmState(at, bytes);
    mustLieWithin(session, at, length);
    session.disk.readAt(at, bytes);
  };
  return timed(session, { name: 'read', at, length, flags, failure }, read, () => inspect(bytes, request));
}

/** What a pattern and the dump have to say of the bytes. */
function inspect(bytes: Uint8Array, { at, flags, pattern }: ReadRequest): Outcome {
  const dumped = flags.has('v') && !flags.has('q') ? dump(bytes, at) : [];
  if (pattern === null || isFilled(bytes.subarray(pattern.skip, pattern.skip + pattern.length), pattern.value)) {
    return { text: dumped, succeeded: true };
  }
  const problem = `Pattern verification failed at offset ${at + pattern.skip}, ${pattern.length} bytes\n`;
  return { text: inTurn([problem], dumped), succeeded: false };
}

function isFilled(bytes: Uint8Array, value: number): boolean {
  return bytes.every((byte) => byte === value);
}
