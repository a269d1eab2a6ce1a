export interface Term {
  readonly term: string;
  readonly meaning: string;
}

/** The lab's vocabulary, in the field's words. */
export const VOCABULARY: readonly Term[] = [
  {
    term: 'cluster',
    meaning: 'The unit in which an image allocates space; 64 KiB unless chosen otherwise.',
  },
  {
    term: 'L1 and L2 tables',
    meaning:
      'Two levels of pointers that say where each guest cluster stands in the file. They are the truth about what is in use.',
  },
  {
    term: 'refcount',
    meaning:
      'How often a cluster of the file is referenced. It can always be worked out again from L1, L2 and the snapshots.',
  },
  {
    term: 'dirty bit',
    meaning:
      'A mark in the header: refcounts may be behind. Whoever opens the image for writing next checks and repairs first.',
  },
  {
    term: 'COPIED flag',
    meaning: 'A mark in an L1 or L2 entry: the cluster has exactly one reference and may be written in place.',
  },
  {
    term: 'acknowledged',
    meaning:
      'The guest was told that a flush, or a write with writethrough, is complete. What it covers must survive every power cut.',
  },
  {
    term: 'volatile write cache',
    meaning: 'Memory in a disk that holds completed writes until a flush. A power cut may keep any of them.',
  },
  { term: 'flush', meaning: 'Every write that completed before it is durable when it returns.' },
  { term: 'epoch', meaning: 'The writes between two flushes. Inside an epoch the disk may persist them in any order.' },
  { term: 'torn write', meaning: 'A write of which only some sectors reached the media.' },
  {
    term: 'crash state',
    meaning: 'What the media hold after a power cut: everything flushed, and some subset of the open epoch.',
  },
  { term: 'leak', meaning: 'A refcount higher than the references: space is lost, data is not.' },
  {
    term: 'corruption',
    meaning:
      'As qemu-img counts it: a refcount lower than the references, or a broken entry. A cluster counted too low could be handed out twice, unless the dirty bit makes the next open repair it first.',
  },
  {
    term: 'cross-linked',
    meaning: 'Two guest ranges that share a cluster by mistake: each shows what the other wrote.',
  },
  {
    term: 'violation',
    meaning: 'A broken promise: acknowledged data lost, foreign data shown, or a wrong refcount without the dirty bit.',
  },
];

export const SIMULATED: readonly string[] = [
  'The disk below the image: its volatile cache, which sectors a power cut keeps, in what units and in which order.',
  'The guest: a list of writes, discards and flushes, one after another. Each sector it writes carries who wrote it and where.',
  'The passing of time. The cost table multiplies counted writes and flushes by the latencies you choose.',
];

export const REAL: readonly string[] = [
  'The engine. The code that the lab records, crashes and reopens is the code that opens, writes, checks and repairs your images.',
  'The bytes. A crash image downloads exactly as the simulated media hold it, and the real qemu-img says of it what the page says.',
  'The verdict. It is the engine’s own check, and a comparison of every sector that the guest wrote with what it reads now.',
];

export const LIMITS: readonly string[] = [
  'One guest and one writer, one I/O at a time, in the order recorded.',
  'The host’s file system is modelled as media that are written in place; the file’s size persists independently of its data.',
  'No bits rot, no write lands in the wrong place, and no disk lies about a flush, except with the cache mode unsafe.',
  'What is tried is the chosen disk and workload. That nothing was violated there is no proof for longer workloads.',
  'Real disks, and the browser’s own storage, may do better or worse than the simulated disk.',
];

export const NEVER: readonly Term[] = [
  {
    term: 'Images made here',
    meaning:
      'live in this browser’s own storage for this page (OPFS), on this machine. Clearing the site’s data deletes them; download what you want to keep.',
  },
  {
    term: 'Local files',
    meaning:
      'are opened read-only. Changes are kept beside them, in the browser, and can be looked at and undone. Only Save writes to the file, once, and only after the browser has asked you.',
  },
  {
    term: 'Repairs',
    meaning: 'are shown step by step before anything is written, also for an image that is only dirty.',
  },
  {
    term: 'The console',
    meaning:
      'does what its command lines say, at once, as in a terminal: an image in the browser is changed in place, and a dirty one is repaired when a command opens it for writing. A local file is changed only beside itself until you save. The name of a backing file means the image of that name in the library, or the one that you gave for it.',
  },
  {
    term: 'The network',
    meaning:
      'is used to load this page and its updates, nothing else. No image, name or number leaves the machine, and after the first visit everything works offline.',
  },
  {
    term: 'The lab',
    meaning: 'works on copies in memory. Nothing that crashes there touches an image of the library.',
  },
];
