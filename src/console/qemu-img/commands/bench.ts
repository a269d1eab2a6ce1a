import type { CacheMode } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { AIO_MODES } from '../../options/aio-mode.ts';
import { paceOf } from '../../pace.ts';
import { decimal } from '../../text/decimal.ts';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure, Invocation, misused, sizeOf, type ImgCommand } from '../invocation.ts';

const INT_MAX = 2 ** 31 - 1;
/** Requests between two looks at the clock. */
const REQUESTS_PER_LOOK = 16;

interface Bench {
  /** How the host reads and writes, which only the opening judges. */
  readonly aio: string;
  readonly count: number;
  /** Requests under way at once. Here each is done before the next. */
  readonly depth: number;
  readonly bufferSize: number;
  readonly stepSize: number;
  readonly offset: number;
  readonly isWrite: boolean;
  readonly pattern: number;
  /** Requests between two flushes; 0: none. */
  readonly flushInterval: number;
}

export const bench: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
    short: 'hc:d:f:ni:o:qs:S:t:wU',
    long: {
      'flush-interval=': 'flush-interval',
      'pattern=': 'pattern',
      'no-drain': 'no-drain',
      'force-share': 'U',
    },
  });
  const plan = planOf(invocation);
  const cacheMode = cacheModeOf(invocation);
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  if (!plan.isWrite && plan.flushInterval > 0) {
    throw new ImgFailure('--flush-interval is only available in write tests');
  }
  if (plan.flushInterval > 0 && plan.flushInterval < plan.depth) {
    throw new ImgFailure("Flush interval can't be smaller than depth");
  }
  const node = await invocation.open(name, {
    writable: plan.isWrite,
    cacheMode,
    aio: plan.aio,
    format: invocation.value('f'),
    isShared: invocation.has('U'),
  });
  try {
    host.writeOut(announcementOf(plan));
    const start = host.now();
    await run(invocation, node, plan);
    host.writeOut(`Run completed in ${((host.now() - start) / 1000).toFixed(3)} seconds.\n`);
    return 0;
  } finally {
    node.close();
  }
};

function planOf(invocation: Invocation): Bench {
  const aio = invocation.has('n') ? 'native' : (invocation.value('i') ?? 'threads');
  if (!AIO_MODES.includes(aio)) throw new ImgFailure(`Invalid aio option: ${aio}`);
  const bufferSize = sizeOf('buffer size', invocation.value('s') ?? '4096', { max: INT_MAX });
  const stepSize = sizeOf('step_size', invocation.value('S') ?? '0', { max: INT_MAX });
  return {
    aio,
    count: numberOf(invocation.value('c') ?? '75000', INT_MAX, 'Invalid request count specified'),
    depth: numberOf(invocation.value('d') ?? '64', INT_MAX, 'Invalid queue depth specified'),
    bufferSize,
    stepSize: stepSize === 0 ? bufferSize : stepSize,
    offset: sizeOf('offset', invocation.value('o') ?? '0'),
    isWrite: invocation.has('w'),
    pattern: numberOf(invocation.value('pattern') ?? '0', 0xff, 'Invalid pattern byte specified'),
    flushInterval: numberOf(invocation.value('flush-interval') ?? '0', INT_MAX, 'Invalid flush interval specified'),
  };
}

/** A number as C reads one: decimal, `0x…` or octal behind a 0. @throws ImgFailure */
function numberOf(text: string, max: number, complaint: string): number {
  const isOctal = /^0[0-7]+$/.test(text);
  const isNumber = isOctal || /^(0x[0-9a-f]+|0|[1-9]\d*)$/i.test(text);
  const value = isOctal ? parseInt(text, 8) : Number(text);
  if (!isNumber || value > max) throw new ImgFailure(complaint);
  return value;
}

function cacheModeOf(invocation: Invocation): CacheMode {
  try {
    return invocation.cacheMode('t', 'writeback', '');
  } catch (error) {
    throw error instanceof ImgFailure ? new ImgFailure('Invalid cache mode') : error;
  }
}

function announcementOf({ count, isWrite, bufferSize, depth, offset, stepSize, flushInterval }: Bench): string {
  const flushes = flushInterval > 0 ? `Sending flush every ${flushInterval} requests\n` : '';
  return (
    `Sending ${count} ${isWrite ? 'write' : 'read'} requests, ${bufferSize} bytes each, ${depth} in parallel ` +
    `(starting at offset ${decimal(offset)}, step size ${stepSize})\n${flushes}`
  );
}

async function run(invocation: Invocation, node: BlockNode, plan: Bench): Promise<void> {
  const bytes = new Uint8Array(plan.bufferSize).fill(plan.pattern);
  const pace = paceOf(invocation.host);
  let at = plan.offset;
  for (let done = 1; done <= plan.count; done++) {
    if (at + bytes.length > node.length) throw new ImgFailure('Failed request: Input/output error');
    attempt(invocation, 'request', () => (plan.isWrite ? node.writeAt(at, bytes) : node.readAt(at, bytes)));
    at = (at + plan.stepSize) % node.length;
    if (plan.flushInterval > 0 && (plan.count - done + 1) % plan.flushInterval === 0) {
      attempt(invocation, 'flush request', () => node.flush());
    }
    if (done % REQUESTS_PER_LOOK === 0) await pace();
  }
}

function attempt(invocation: Invocation, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    invocation.tellCorruption(error);
    throw new ImgFailure(`Failed ${what}: ${strerror(error)}`);
  }
}
