import type {
  CacheMode,
  CrashState,
  CrashVerdict,
  Exploration,
  DiskModel,
  GuestOperation,
  GuestStatus,
  Purpose,
  RecordedEvent,
  Reopening,
} from '#protocol';
import { formatBytes, formatCount, formatHex, plural } from '../ui/format-numbers.ts';

// The lab's sentences. Terms are the field's; each is explained once, in Help.

const PURPOSES: Record<Purpose, string> = {
  'guest-data': 'guest data',
  'cow-copy': 'copy of the rest of the cluster',
  'zero-fill': 'zeros for the rest of the cluster',
  'compressed-data': 'compressed data',
  'l2-update': 'L2 entries',
  'l2-new': 'new L2 table',
  'l1-update': 'L1 entry',
  'l1-grow': 'larger L1 table',
  'refblock-update': 'refcounts',
  'refblock-new': 'new refcount block',
  'reftable-update': 'refcount table entry',
  'reftable-grow': 'larger refcount table',
  'header-dirty': 'header: set the dirty bit',
  'header-clean': 'header: clear the dirty bit',
  'header-corrupt': 'header: set the corrupt bit',
  'header-other': 'header',
  'snapshot-table': 'snapshot table',
  'snapshot-l1': 'L1 table of a snapshot',
  'bitmap-dir': 'bitmap directory',
  'bitmap-data': 'bitmap data',
  discard: 'give back freed clusters',
  truncate: 'change the file size',
  create: 'new image',
  'repair-refblock': 'refcount block',
  'repair-reftable': 'refcount table',
  'repair-header': 'header',
  'repair-l1': 'L1 entries',
  'repair-l2': 'L2 entries',
  'repair-snapshot-table': 'snapshot table',
  'repair-truncate': 'change the file size',
  'repair-discard': 'give back freed clusters',
  'flush-ordering': 'flush for order: everything before it is durable before anything after it',
  'flush-guest': 'flush for the guest: it may now be told that its writes are durable',
  'flush-close': 'flush for closing cleanly',
  'flush-repair': 'flush of the repair: this step is durable before the next one begins',
};

export function purposeWords(purpose: Purpose): string {
  return PURPOSES[purpose];
}

/** `write 4 KiB at 0x5000: guest data`. */
export function eventSentence(event: RecordedEvent): string {
  const purpose = purposeWords(event.purpose);
  switch (event.kind) {
    case 'flush':
      return purpose;
    case 'truncate':
      return `file size becomes ${formatBytes(event.at)}`;
    case 'write':
    case 'discard':
      return `${event.kind} ${formatBytes(event.length)} at ${formatHex(event.at)}: ${purpose}`;
  }
}

export const OPERATION_WORDS: Record<GuestOperation['kind'], { name: string; about: string }> = {
  write: { name: 'Write', about: 'The guest writes; where nothing is allocated yet, a cluster is allocated.' },
  'write-compressed': { name: 'Compressed', about: 'Whole clusters, deflated, packed close to each other.' },
  'write-zeroes': { name: 'Zeroes', about: 'A flag in the L2 entry; no data is written.' },
  discard: { name: 'Discard', about: 'The guest no longer needs this range; its clusters are freed.' },
  flush: { name: 'Flush', about: 'Everything before it must be durable when it returns.' },
  close: { name: 'Close', about: 'Clean close: flush, and clear the dirty bit.' },
};

/** `write 4K+4K`, short enough for a bar on the timeline. */
export function operationShort(operation: GuestOperation): string {
  const name =
    operation.kind === 'write-compressed'
      ? 'compressed'
      : operation.kind === 'write-zeroes'
        ? 'zeroes'
        : operation.kind;
  return 'at' in operation ? `${name} ${shortBytes(operation.at)}+${shortBytes(operation.length)}` : name;
}

function shortBytes(bytes: number): string {
  const unit = [
    { letter: 'G', size: 2 ** 30 },
    { letter: 'M', size: 2 ** 20 },
    { letter: 'K', size: 2 ** 10 },
  ].find(({ size }) => bytes > 0 && bytes % size === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit.size}${unit.letter}`;
}

export const CACHE_MODE_WORDS: Record<CacheMode, string> = {
  writeback: 'Writes return at once; only a guest flush makes them durable. QEMU’s default.',
  none: 'As writeback; on a host it also bypasses the page cache.',
  writethrough: 'A flush after each write: every write is durable when it returns.',
  directsync: 'As writethrough; on a host it also bypasses the page cache.',
  unsafe: 'Flushes are ignored, those for order too. A power cut may break anything.',
};

export interface DiskPreset {
  readonly name: string;
  readonly about: string;
  readonly disk: DiskModel;
}

export const DISK_PRESETS: readonly DiskPreset[] = [
  {
    name: '512-byte sectors, any order',
    about: 'Any subset of the cached sectors survives a power cut: the strictest of the usual disks.',
    disk: { cache: 'volatile', atomicUnit: 512, order: 'any' },
  },
  {
    name: '4 KiB sectors, any order',
    about: 'As most SSDs: 4 KiB are written whole or not at all.',
    disk: { cache: 'volatile', atomicUnit: 4096, order: 'any' },
  },
  {
    name: 'Whole writes, any order',
    about: 'Writes are never torn, but may overtake one another.',
    disk: { cache: 'volatile', atomicUnit: 'write', order: 'any' },
  },
  {
    name: 'Process kill: whole writes in order',
    about: 'Not the power but the process fails: what was written so far is there.',
    disk: { cache: 'volatile', atomicUnit: 'write', order: 'in-order' },
  },
  {
    name: 'No volatile cache',
    about: 'A disk with power-loss protection: a completed write is durable.',
    disk: { cache: 'write-through', atomicUnit: 'write', order: 'any' },
  },
];

export const GUEST_STATUS_WORDS: Record<GuestStatus, { mark: string; short: string; long: string }> = {
  'acked-present': { mark: '✓', short: 'acknowledged, there', long: 'acknowledged as durable, and there' },
  'pending-present': {
    mark: '◐',
    short: 'not acknowledged, there',
    long: 'never acknowledged as durable, there all the same',
  },
  'pending-lost': {
    mark: '○',
    short: 'not acknowledged, gone',
    long: 'never acknowledged as durable, gone: that is allowed',
  },
  'acked-lost': { mark: '✕', short: 'acknowledged, gone', long: 'acknowledged as durable, and gone: a broken promise' },
  foreign: { mark: '!', short: 'foreign data', long: 'shows something that was never written here: a broken promise' },
};

/** Behind a count of crash states. */
export const VERDICT_NAMES: Record<CrashVerdict, string> = {
  safe: 'sound',
  leaks: 'with space lost',
  repair: 'in need of repair',
  violation: 'with a broken promise',
};

export function explorationSentence(exploration: Exploration, isExhaustive: boolean): string {
  const { statesChecked, distinctImages, repairStatesChecked, violationCount } = exploration;
  const how = isExhaustive ? 'every one that can occur' : 'a sample where there are too many';
  const states = `${plural(statesChecked, 'crash state')} (${how}) and ${plural(repairStatesChecked, 'power cut')} inside their repairs`;
  const verdict = violationCount === 0 ? 'no promise was broken' : `${plural(violationCount, 'promise')} broken`;
  return `Checked ${states}, ${plural(distinctImages, 'different image')} in all: ${verdict}.`;
}

/** What the power cut did, and what it means for the data. */
export function crashSentence(state: CrashState): string {
  const { corruptions, leaks } = state.check.counters;
  if (state.verdict === 'violation') return violationSentence(state.violations);
  if (state.verdict === 'leaks') {
    const space = formatBytes(leaks * state.map.clusterSize);
    return `${plural(leaks, 'cluster')} (${space}) ${leaks === 1 ? 'belongs' : 'belong'} to nobody. Space is lost, data is not.`;
  }
  if (corruptions > 0) {
    return `Closed in the middle of writing. ${behind(corruptions)}, as lazy refcounts leave them after a crash. No acknowledged data is at risk; opening it for writing brings them up to date.`;
  }
  if (leaks > 0) {
    return `Marked dirty, and ${plural(leaks, 'cluster')} ${leaks === 1 ? 'is' : 'are'} counted but not used. No data is at risk; opening it for writing mends that.`;
  }
  if (state.isDirty)
    return 'Marked dirty, yet every refcount is right. Opening it for writing checks that and clears the mark.';
  return 'Sound: every refcount is right, and the image says so. There is nothing to repair.';
}

/** The first of the broken promises; the others are counted. */
export function violationSentence(violations: readonly string[]): string {
  const [first = 'A promise to the guest is broken.', ...others] = violations;
  return others.length === 0
    ? first
    : `${first} ${plural(others.length, 'more promise')} ${others.length === 1 ? 'is' : 'are'} broken.`;
}

function behind(corruptions: number): string {
  return `${plural(corruptions, 'refcount or flag', 'refcounts or flags')} ${corruptions === 1 ? 'is' : 'are'} behind`;
}

/** The promise to the guest, counted. */
export function promiseSentence(state: Pick<CrashState, 'guest'> | Pick<Reopening, 'guest'>): string {
  const [ackedPresent = 0, pendingPresent = 0, pendingLost = 0, ackedLost = 0, foreign = 0] = state.guest.sectors;
  if (state.guest.unreadable !== null) return `The guest cannot read its disk: ${state.guest.unreadable}.`;
  const acked = ackedPresent + ackedLost;
  const kept =
    acked === 0
      ? 'Nothing had been acknowledged as durable yet.'
      : ackedLost === 0
        ? `Everything acknowledged is still there (${plural(acked, 'sector')}).`
        : `${formatCount(ackedLost)} of ${plural(acked, 'acknowledged sector')} are gone.`;
  const lost =
    pendingLost === 0
      ? ''
      : ` ${plural(pendingLost, 'sector')} never acknowledged ${pendingLost === 1 ? 'is' : 'are'} gone, as allowed.`;
  const lucky =
    pendingPresent === 0
      ? ''
      : ` ${plural(pendingPresent, 'sector')} never acknowledged ${pendingPresent === 1 ? 'is' : 'are'} there all the same.`;
  const wrong = foreign === 0 ? '' : ` ${plural(foreign, 'sector')} show data that was never written there.`;
  return kept + wrong + lost + lucky;
}

export function reopeningSentence(reopening: Reopening): string {
  switch (reopening.outcome) {
    case 'clean':
      return 'Opened at once: the dirty bit is not set, so there is nothing to check or repair.';
    case 'repaired':
      return `Repaired in ${plural(countWrites(reopening), 'write')} and ${plural(countFlushes(reopening), 'flush', 'flushes')}; the image is sound again.`;
    case 'refused':
      return `It cannot be opened for writing: ${reopening.error ?? 'unknown reason'}`;
  }
}

function countWrites({ events }: Reopening): number {
  return events.filter((event) => event.kind === 'write').length;
}

function countFlushes({ events }: Reopening): number {
  return events.filter((event) => event.kind === 'flush').length;
}

/** `about 2.1 ms`, for the estimated cost. */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds < 1000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${trim(microseconds / 1000)} ms`;
  return `${trim(microseconds / 1_000_000)} s`;
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Who pays less in a cache mode, and why. */
export function costSentence(cacheMode: CacheMode, eager: Cost, lazy: Cost): string {
  const writes = eager.writes - lazy.writes;
  const flushes = eager.flushes - lazy.flushes;
  const amount = `${plural(Math.abs(writes), 'write')} and ${plural(Math.abs(flushes), 'flush', 'flushes')}`;
  if (writes === 0 && flushes === 0) return `In ${cacheMode} mode lazy refcounts neither save nor cost anything here.`;
  if (writes >= 0 && flushes >= 0) {
    return `In ${cacheMode} mode lazy refcounts save ${amount} here: refcounts are written once, at the close, instead of with every allocation.`;
  }
  if (writes <= 0 && flushes <= 0) {
    return `In ${cacheMode} mode lazy refcounts cost ${amount} more here: the dirty bit is set and cleared once, and so few allocations do not earn that back. Add writes and flushes and the balance turns.`;
  }
  return `In ${cacheMode} mode lazy refcounts trade writes for flushes here: ${signed(-writes)} writes, ${signed(-flushes)} flushes.`;
}

interface Cost {
  readonly writes: number;
  readonly flushes: number;
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : `−${Math.abs(value)}`;
}
