import type { CacheMode, CrashVerdict, GuestStatus, Scenario, ScenarioImage } from './lab-types.ts';

/** In the order in which `GuestView.sectors` counts. */
export const LAB_GUEST_STATUSES = [
  'acked-present',
  'pending-present',
  'pending-lost',
  'acked-lost',
  'foreign',
] as const satisfies readonly GuestStatus[];

/** From harmless to worst, in the order in which `EpochSummary.verdicts` counts. */
export const LAB_VERDICTS = ['safe', 'leaks', 'repair', 'violation'] as const satisfies readonly CrashVerdict[];

/** In the order of `qemu-img`'s documentation and of the cost table. */
export const LAB_CACHE_MODES = [
  'writeback',
  'none',
  'writethrough',
  'directsync',
  'unsafe',
] as const satisfies readonly CacheMode[];

const KIB = 1024;
const MIB = 1024 * KIB;

const LAZY_4K: ScenarioImage = {
  size: MIB,
  clusterSize: 4 * KIB,
  refcountBits: 16,
  compat: '1.1',
  lazyRefcounts: true,
  extendedL2: false,
  backing: false,
  prepare: [],
};

/** "See a crash in 60 seconds": three writes into a small lazy image. */
export const FIRST_SCENARIO: Scenario = {
  image: LAZY_4K,
  cacheMode: 'writeback',
  disk: { cache: 'volatile', atomicUnit: 512, order: 'any' },
  operations: [
    { kind: 'write', at: 0, length: 4 * KIB },
    { kind: 'flush' },
    { kind: 'write', at: 4 * KIB, length: 4 * KIB },
    { kind: 'write', at: 8 * KIB, length: 4 * KIB },
    { kind: 'flush' },
    { kind: 'close' },
  ],
};

export interface PreparedScenario {
  readonly name: string;
  readonly title: string;
  /** One or two sentences: what to look for. */
  readonly about: string;
  readonly scenario: Scenario;
  /** Where the handle stands at first: before the first event with this purpose of this operation. */
  readonly cutIn: { readonly operation: number; readonly eventInOperation: number };
}

export const PREPARED_SCENARIOS: readonly PreparedScenario[] = [
  {
    name: 'first-crash',
    title: 'A crash in the second write',
    about:
      'The first write was flushed, so it must survive. The second one is in the disk’s cache when the power fails: it may be lost, and the dirty bit says that refcounts are behind.',
    scenario: FIRST_SCENARIO,
    cutIn: { operation: 2, eventInOperation: 1 },
  },
  {
    name: 'eager',
    title: 'The same with lazy refcounts off',
    about:
      'Refcounts reach the media before the mapping that needs them. After a crash there is nothing to repair, at most space is lost; every flush costs one write and one flush more.',
    scenario: { ...FIRST_SCENARIO, image: { ...LAZY_4K, lazyRefcounts: false } },
    cutIn: { operation: 4, eventInOperation: 2 },
  },
  {
    name: 'promise',
    title: '“Written” is not “saved”',
    about:
      'Two writes complete and no flush follows. The guest was told that they are done, not that they are durable: any of their sectors may be missing.',
    scenario: {
      ...FIRST_SCENARIO,
      image: { ...LAZY_4K, prepare: [{ kind: 'write', at: 0, length: 16 * KIB }] },
      operations: [
        { kind: 'write', at: 0, length: 4 * KIB },
        { kind: 'write', at: 2 * KIB, length: 4 * KIB },
        { kind: 'flush' },
      ],
    },
    cutIn: { operation: 2, eventInOperation: 0 },
  },
  {
    name: 'reuse',
    title: 'Discard, then write: is the cluster reused too early?',
    about:
      'The discarded cluster is free at once, but its old mapping may still be on the media. Handing it out before a flush would let one guest address show the data of another.',
    scenario: {
      ...FIRST_SCENARIO,
      image: { ...LAZY_4K, prepare: [{ kind: 'write', at: 0, length: 16 * KIB }] },
      operations: [
        { kind: 'discard', at: 0, length: 4 * KIB },
        { kind: 'write', at: 64 * KIB, length: 4 * KIB },
        { kind: 'flush' },
        { kind: 'write', at: 68 * KIB, length: 4 * KIB },
        { kind: 'flush' },
        { kind: 'close' },
      ],
    },
    cutIn: { operation: 2, eventInOperation: 1 },
  },
  {
    name: 'copy-on-write',
    title: 'Half a cluster over a backing file',
    about:
      'A write to part of a cluster copies the rest from the backing file. The copy must be durable before the mapping points to it: the guest never wrote those sectors and cannot write them again.',
    scenario: {
      ...FIRST_SCENARIO,
      image: { ...LAZY_4K, backing: true },
      operations: [
        { kind: 'write', at: 1 * KIB, length: 1 * KIB },
        { kind: 'flush' },
        { kind: 'write', at: 5 * KIB, length: 1 * KIB },
        { kind: 'flush' },
        { kind: 'close' },
      ],
    },
    cutIn: { operation: 3, eventInOperation: 0 },
  },
  {
    name: 'writethrough',
    title: 'Every write durable',
    about:
      'In writethrough mode each write is acknowledged only after its data and its mapping are on the media. Compare the flushes that lazy refcounts save.',
    scenario: { ...FIRST_SCENARIO, cacheMode: 'writethrough' },
    cutIn: { operation: 2, eventInOperation: 1 },
  },
  {
    name: 'many-writes',
    title: 'What lazy refcounts save',
    about:
      'Twelve writes, each durable before the next. Lazily, each costs one write and one flush less; the refcounts are written once, when the image is closed. The price is a check after a crash.',
    scenario: {
      ...FIRST_SCENARIO,
      cacheMode: 'writethrough',
      operations: [
        ...Array.from({ length: 12 }, (_, index) => ({ kind: 'write', at: index * 4 * KIB, length: 4 * KIB }) as const),
        { kind: 'close' },
      ],
    },
    cutIn: { operation: 6, eventInOperation: 1 },
  },
  {
    name: 'unsafe',
    title: 'cache=unsafe: no promise at all',
    about:
      'Flushes are ignored, the ordering ones too. Acknowledged data can be lost, and a mapping can reach the media without the dirty bit. This is what the other modes pay their flushes for.',
    scenario: { ...FIRST_SCENARIO, cacheMode: 'unsafe' },
    cutIn: { operation: 5, eventInOperation: 0 },
  },
];

/** The workloads of `lab.workload`, by index. */
export const LAB_WORKLOADS: readonly string[] = [
  '64 KiB clusters, 4 KiB writes, sequential',
  '64 KiB clusters, 64 KiB writes, sequential',
  '64 KiB clusters, 4 KiB writes, random',
  '64 KiB clusters, 64 KiB writes, random',
  '4 KiB clusters, 4 KiB writes, sequential',
  '4 KiB clusters, 4 KiB writes, random',
  '4 KiB clusters, 64 KiB writes, sequential',
  '4 KiB clusters, 64 KiB writes, random',
  '2 MiB clusters, 64 KiB writes, sequential',
  '64 KiB clusters, 4 KiB writes, one in 16 allocates',
  '64 KiB clusters, 4 KiB writes, rewriting',
];
