import { isEngineError, StepFailure, type Preallocation } from '#engine';
import type { BlockStatus } from '../../block/node.ts';
import { parsePreallocation } from '../../options/preallocation.ts';
import { strerror } from '../../text/strerror.ts';
import { IoComplaint, IoRefusal, numberOf, parseInteger, type IoCommand } from '../command.ts';
import { flagsOf } from '../flags.ts';
import { ioSize } from '../report.ts';
import type { IoSession } from '../session.ts';

const ABORT = 6;
const SIGNALS_MAX = 64;

export const AIO_FLUSH: IoCommand = {
  name: 'aio_flush',
  argumentsMin: 0,
  argumentsMax: 0,
  usage: null,
  summary: 'completes all outstanding aio requests',
  help: 'Tells what became of the requests. Those that are suspended must be resumed first.',
  run(session) {
    session.requests.tell();
    if (session.requests.suspendedCount === 0) return true;
    session.complain('Requests are suspended and cannot complete; resume them first.');
    return false;
  },
};

export const FLUSH: IoCommand = {
  name: 'flush',
  alias: 'f',
  argumentsMin: 0,
  argumentsMax: 0,
  usage: null,
  summary: 'flush all in-core file state to disk',
  help: 'Makes all completed writes durable.',
  run(session) {
    try {
      session.disk.flush();
      return true;
    } catch (error) {
      strerror(error);
      return false;
    }
  },
};

export const TRUNCATE: IoCommand = {
  name: 'truncate',
  alias: 't',
  argumentsMin: 1,
  argumentsMax: 3,
  writes: true,
  usage: '[-m prealloc_mode] off',
  summary: 'truncates the current file at the given offset',
  help: 'Changes the size of the disk. -m: whether what is added gets its room at once (off, metadata, falloc, full).',
  run(session, args) {
    const flags = flagsOf('truncate', args, 'm:', { judge: (_, mode) => preallocationOf(mode) });
    const preallocation = preallocationOf(flags.value('m') ?? 'off');
    // As in QEMU, the first argument is blamed whatever it is.
    const size = numberOf(flags.words[0] ?? '', args[0]);
    if (session.isOutOfService) throw new IoComplaint('No medium inserted');
    session.requests.tell();
    try {
      session.disk.truncate(size, preallocation);
      return true;
    } catch (error) {
      if (!isEngineError(error)) throw error;
      session.complain(error instanceof StepFailure ? `${error.step}: ${strerror(error)}` : error.message);
      return false;
    }
  },
};

/** @throws IoComplaint */
function preallocationOf(mode: string): Preallocation {
  const preallocation = parsePreallocation(mode);
  if (preallocation === null) throw new IoComplaint(`Invalid preallocation mode '${mode}'`);
  return preallocation;
}

export const LENGTH: IoCommand = {
  name: 'length',
  alias: 'l',
  argumentsMin: 0,
  argumentsMax: 0,
  usage: null,
  summary: 'gets the length of the current file',
  help: 'Prints the size of the disk.',
  run(session) {
    if (session.isOutOfService) {
      session.print('getlength: No medium found\n');
      return false;
    }
    session.print(`${ioSize(session.disk.length)}\n`);
    return true;
  },
};

export const ALLOC: IoCommand = {
  name: 'alloc',
  alias: 'a',
  argumentsMin: 1,
  argumentsMax: 2,
  usage: 'offset [count]',
  summary: 'checks if offset is allocated in the file',
  help: 'Counts the bytes from an offset on that the file itself holds, without its backing file.',
  run(session, args) {
    const start = numberOf(args[0]!);
    const count = args[1] === undefined ? 512 : numberOf(args[1]);
    let allocated = 0;
    let at = start;
    const end = Math.min(start + count, session.disk.length);
    while (at < end) {
      const status = allocationAt(session, at, end - at);
      if (typeof status === 'string') {
        session.print(`is_allocated failed: ${status}\n`);
        return false;
      }
      if (status.isAllocated) allocated += status.length;
      at += status.length;
    }
    session.print(`${allocated}/${Math.max(0, end - start)} bytes allocated at offset ${ioSize(start)}\n`);
    return true;
  },
};

export const MAP: IoCommand = {
  name: 'map',
  argumentsMin: 0,
  argumentsMax: 0,
  usage: '',
  summary: 'prints the allocated areas of a file',
  help: 'Lists the runs of the disk that the file itself holds, and those that it does not.',
  run(session) {
    const { disk } = session;
    if (session.isOutOfService) {
      session.complain('Failed to query image length: No medium found');
      return false;
    }
    for (let at = 0; at < disk.length;) {
      const start = at;
      let isAllocated: boolean | null = null;
      while (at < disk.length) {
        const status = allocationAt(session, at, disk.length - at);
        if (typeof status === 'string') {
          session.complain(`Failed to get allocation status: ${status}`);
          return false;
        }
        if (status.isAllocated !== (isAllocated ??= status.isAllocated)) break;
        at += status.length;
      }
      const length = at - start;
      const word = isAllocated === true ? '    allocated' : 'not allocated';
      session.print(
        `${ioSize(length)} (0x${length.toString(16)}) bytes ${word} at offset ${ioSize(start)} (0x${start.toString(16)})\n`,
      );
    }
    return true;
  },
};

/** A run of the disk, or why nothing can be said of it. */
function allocationAt(session: IoSession, at: number, length: number): BlockStatus | string {
  session.requests.tellOfQuick();
  try {
    return session.disk.statusAt(at, length, 'allocation');
  } catch (error) {
    if (!isEngineError(error)) throw error;
    session.reportCorruption(error);
    return strerror(error);
  }
}

export const CLOSE: IoCommand = {
  name: 'close',
  alias: 'c',
  argumentsMin: 0,
  argumentsMax: 0,
  usage: null,
  summary: 'close the current open file',
  help: 'Closes the open file cleanly.',
  run(session) {
    session.close();
    return true;
  },
};

export const QUIT: IoCommand = {
  name: 'quit',
  alias: 'q',
  argumentsMin: 0,
  argumentsMax: null,
  worksWithoutFile: true,
  usage: null,
  summary: 'exit the program',
  help: 'Ends qemu-io; the open file is closed cleanly.',
  run(session) {
    session.hasQuit = true;
    return true;
  },
};

export const ABORT_COMMAND: IoCommand = {
  name: 'abort',
  argumentsMin: 0,
  argumentsMax: 0,
  worksWithoutFile: true,
  usage: null,
  summary: 'simulate a program crash using abort(3)',
  help: 'Ends at once: nothing is flushed, nothing closed.',
  run(session) {
    session.host.raise(ABORT);
    return true;
  },
};

export const SIGRAISE: IoCommand = {
  name: 'sigraise',
  argumentsMin: 1,
  argumentsMax: 1,
  worksWithoutFile: true,
  usage: 'signal',
  summary: 'raises a signal',
  help: 'Raises a signal by number; 9 ends at once, nothing flushed, nothing closed.',
  run(session, args) {
    const signal = numberOf(args[0]!);
    if (signal > SIGNALS_MAX) {
      throw new IoRefusal(`signal argument '${args[0]}' is too large to be a valid signal`);
    }
    session.host.flushOut();
    session.host.raise(signal);
    return true;
  },
};

export const SLEEP: IoCommand = {
  name: 'sleep',
  argumentsMin: 1,
  argumentsMax: 1,
  worksWithoutFile: true,
  usage: null,
  summary: 'waits for the given value in milliseconds',
  help: 'Waits so many milliseconds.',
  async run(session, args) {
    const milliseconds = parseInteger(args[0]!);
    if (!(milliseconds >= 0)) throw new IoRefusal(`${args[0]} is not a valid number`);
    await session.host.sleep(milliseconds);
    if (session.node !== null) session.requests.tell();
    return true;
  },
};
