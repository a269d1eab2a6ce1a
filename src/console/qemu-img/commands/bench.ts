import type { CacheMode } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { AIO_MODES, strongestAioMode } from '../../options/aio-mode.ts';
import { parseCacheMode } from '../../options/cache-mode.ts';
import { paceOf } from '../../pace.ts';
import { decimal } from '../../text/decimal.ts';
import { ImgFailure, misused } from '../failure.ts';
import { Invocation, sizeOf, type GivenOption, type ImgCommand } from '../invocation.ts';

const INT_MAX = 2 ** 31 - 1;
/** Requests between two looks at the clock. */
const REQUESTS_PER_LOOK = 16;

interface Bench {
  /** How the host reads and writes, which only the opening judges. */
  readonly aio: string;
  readonly cacheMode: CacheMode;
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
  const invocation = await Invocation.of(host, args, {
    name: 'bench',
    lacks: 'object',
    judge: judgeOption,
    short: 'hc:d:f:ni:o:qs:S:t:wU',
    long: {
      'flush-interval=': 'flush-interval',
      'pattern=': 'pattern',
      'no-drain': 'no-drain',
      'force-share': 'U',
    },
  });
  const plan = planOf(invocation);
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
    cacheMode: plan.cacheMode,
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

/** How the values of options are read. @throws ImgFailure with QEMU's text */
const READERS = {
  c: (text: string) => numberOf(text, INT_MAX, 'Invalid request count specified'),
  d: (text: string) => numberOf(text, INT_MAX, 'Invalid queue depth specified'),
  i: aioModeOf,
  o: (text: string) => sizeOf('offset', text),
  s: (text: string) => sizeOf('buffer size', text, { max: INT_MAX }),
  S: (text: string) => sizeOf('step_size', text, { max: INT_MAX }),
  t: cacheModeOf,
  pattern: (text: string) => numberOf(text, 0xff, 'Invalid pattern byte specified'),
  'flush-interval': (text: string) => numberOf(text, INT_MAX, 'Invalid flush interval specified'),
} as const;

function judgeOption({ name, value }: GivenOption): void {
  if (Object.hasOwn(READERS, name)) READERS[name as keyof typeof READERS](value);
}

function planOf(invocation: Invocation): Bench {
  const valueOf = <N extends keyof typeof READERS>(name: N, otherwise: string) =>
    READERS[name](invocation.value(name) ?? otherwise) as ReturnType<(typeof READERS)[N]>;
  const bufferSize = valueOf('s', '4096');
  const stepSize = valueOf('S', '0');
  return {
    aio: strongestAioMode(invocation.has('n') ? ['native'] : invocation.values('i')),
    cacheMode: valueOf('t', 'writeback'),
    count: valueOf('c', '75000'),
    depth: valueOf('d', '64'),
    bufferSize,
    stepSize: stepSize === 0 ? bufferSize : stepSize,
    offset: valueOf('o', '0'),
    isWrite: invocation.has('w'),
    pattern: valueOf('pattern', '0'),
    flushInterval: valueOf('flush-interval', '0'),
  };
}

function aioModeOf(text: string): string {
  if (!AIO_MODES.includes(text)) throw new ImgFailure(`Invalid aio option: ${text}`);
  return text;
}

/** A number as C reads one: decimal, `0x…` or octal behind a 0. @throws ImgFailure */
function numberOf(text: string, max: number, complaint: string): number {
  const isOctal = /^0[0-7]+$/.test(text);
  const isNumber = isOctal || /^(0x[0-9a-f]+|0|[1-9]\d*)$/i.test(text);
  const value = isOctal ? parseInt(text, 8) : Number(text);
  if (!isNumber || value > max) throw new ImgFailure(complaint);
  return value;
}

function cacheModeOf(text: string): CacheMode {
  const mode = parseCacheMode(text);
  if (mode === null) throw new ImgFailure('Invalid cache mode');
  return mode;
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
    invocation.attempt('Failed request', () => (plan.isWrite ? node.writeAt(at, bytes) : node.readAt(at, bytes)));
    at = (at + plan.stepSize) % node.length;
    if (plan.flushInterval > 0 && (plan.count - done + 1) % plan.flushInterval === 0) {
      invocation.attempt('Failed flush request', () => node.flush());
    }
    if (done % REQUESTS_PER_LOOK === 0) await pace();
  }
}
