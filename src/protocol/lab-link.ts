import type { CacheMode, Crash, GuestOperation, Scenario } from './lab-types.ts';
import type { ImageId } from './library.ts';
import { LAB_CACHE_MODES } from './lab-tables.ts';

/** What a link to the lab carries: a scenario, the crashes made so far, and the image it starts from. */
export interface LabLink {
  readonly scenario: Scenario;
  readonly imageId: ImageId | null;
  readonly crashes: readonly Crash[];
}

/*
 * The text is short and can be read: `v1~1M.4K.16.v3.lazy~writeback~any.512~w0.4K-f-w4K.4K~~3.0,4-7`, that is
 * version ~ image ~ cache mode ~ disk ~ operations ~ preparing operations ~ crash ~ crash … (and `~@name` for an
 * image of the library). Only characters that a URL fragment keeps as they are.
 */
const VERSION = 'v1';

export function encodeLabLink({ scenario, imageId, crashes }: LabLink): string {
  const { image, disk } = scenario;
  const imageWords = [
    encodeBytes(image.size),
    encodeBytes(image.clusterSize),
    String(image.refcountBits),
    image.compat === '1.1' ? 'v3' : 'v2',
    ...(image.lazyRefcounts ? ['lazy'] : []),
    ...(image.extendedL2 ? ['ext'] : []),
    ...(image.backing ? ['backing'] : []),
  ];
  const diskWords = [
    disk.order === 'any' ? 'any' : 'prefix',
    disk.atomicUnit === 'write' ? 'write' : encodeBytes(disk.atomicUnit),
    ...(disk.cache === 'write-through' ? ['through'] : []),
  ];
  return [
    VERSION,
    imageWords.join('.'),
    scenario.cacheMode,
    diskWords.join('.'),
    scenario.operations.map(encodeOperation).join('-'),
    image.prepare.map(encodeOperation).join('-'),
    ...crashes.map(encodeCrash),
    ...(imageId === null ? [] : [`@${encodeURIComponent(imageId).replaceAll('~', '%7E')}`]),
  ].join('~');
}

/** Null where the text is not a link of this version; never throws, since anybody can edit an address. */
export function decodeLabLink(text: string): LabLink | null {
  try {
    return decode(text);
  } catch (error) {
    if (error instanceof BadLink || error instanceof URIError) return null;
    throw error;
  }
}

class BadLink extends Error {}

function decode(text: string): LabLink {
  const [version, image, cacheMode, disk, operations, prepare, ...rest] = text.split('~');
  if (version !== VERSION || image === undefined || disk === undefined || prepare === undefined) throw new BadLink();
  const [size, clusterSize, refcountBits, format, ...imageFlags] = image.split('.');
  const [order, atomicUnit, ...diskFlags] = disk.split('.');
  const names = rest.filter((part) => part.startsWith('@'));
  return {
    scenario: {
      image: {
        size: decodeBytes(size),
        clusterSize: decodeBytes(clusterSize),
        refcountBits: decodeCount(refcountBits),
        compat: oneOf(format, ['v2', 'v3'] as const) === 'v3' ? '1.1' : '0.10',
        lazyRefcounts: imageFlags.includes('lazy'),
        extendedL2: imageFlags.includes('ext'),
        backing: imageFlags.includes('backing'),
        prepare: decodeOperations(prepare),
      },
      cacheMode: oneOf<CacheMode>(cacheMode, LAB_CACHE_MODES),
      disk: {
        order: oneOf(order, ['any', 'prefix'] as const) === 'any' ? 'any' : 'in-order',
        atomicUnit: atomicUnit === 'write' ? 'write' : atomicUnitOf(decodeBytes(atomicUnit)),
        cache: diskFlags.includes('through') ? 'write-through' : 'volatile',
      },
      operations: decodeOperations(operations ?? ''),
    },
    imageId: names.length === 0 ? null : decodeURIComponent(names[0]!.slice(1)),
    crashes: rest.filter((part) => !part.startsWith('@')).map(decodeCrash),
  };
}

function encodeOperation(operation: GuestOperation): string {
  switch (operation.kind) {
    case 'write':
      return `w${encodeRange(operation)}`;
    case 'write-compressed':
      return `c${encodeRange(operation)}`;
    case 'write-zeroes':
      return `${operation.unmap ? 'u' : 'z'}${encodeRange(operation)}`;
    case 'discard':
      return `d${encodeRange(operation)}`;
    case 'flush':
      return 'f';
    case 'close':
      return 'x';
  }
}

function decodeOperations(text: string): GuestOperation[] {
  return text === '' ? [] : text.split('-').map(decodeOperation);
}

function decodeOperation(text: string): GuestOperation {
  const [start, lengthText] = text.slice(1).split('.');
  const range = () => ({ at: decodeBytes(start), length: decodeBytes(lengthText) });
  switch (text[0]) {
    case 'w':
      return { kind: 'write', ...range() };
    case 'c':
      return { kind: 'write-compressed', ...range() };
    case 'z':
      return { kind: 'write-zeroes', ...range(), unmap: false };
    case 'u':
      return { kind: 'write-zeroes', ...range(), unmap: true };
    case 'd':
      return { kind: 'discard', ...range() };
    case 'f':
      return { kind: 'flush' };
    case 'x':
      return { kind: 'close' };
    default:
      throw new BadLink();
  }
}

/** `12.all`, `12.none`, `12.0,4-7`. */
function encodeCrash({ cut, persisted }: Crash): string {
  return `${cut}.${typeof persisted === 'string' ? persisted : encodeIndexes(persisted)}`;
}

function decodeCrash(text: string): Crash {
  const [cut, persisted = ''] = text.split('.');
  if (persisted === 'all' || persisted === 'none') return { cut: decodeCount(cut), persisted };
  return { cut: decodeCount(cut), persisted: decodeIndexes(persisted) };
}

function encodeIndexes(indexes: readonly number[]): string {
  const sorted = [...new Set(indexes)].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let last = i;
    while (sorted[last + 1] === sorted[last]! + 1) last++;
    runs.push(last === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[last]}`);
    i = last + 1;
  }
  return runs.join(',');
}

const ATOMS_MAX = 1 << 20;

function decodeIndexes(text: string): number[] {
  const indexes: number[] = [];
  for (const run of text === '' ? [] : text.split(',')) {
    const [first, last = first] = run.split('-').map((part) => decodeCount(part));
    if (first === undefined || last === undefined || last < first || last > ATOMS_MAX) throw new BadLink();
    for (let index = first; index <= last; index++) indexes.push(index);
  }
  return indexes;
}

function encodeRange({ at, length }: { readonly at: number; readonly length: number }): string {
  return `${encodeBytes(at)}.${encodeBytes(length)}`;
}

const UNITS = [
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
] as const;

function encodeBytes(bytes: number): string {
  const unit = UNITS.find(([, size]) => bytes > 0 && bytes % size === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit[1]}${unit[0]}`;
}

function decodeBytes(text: string | undefined): number {
  const unit = UNITS.find(([letter]) => text?.endsWith(letter) === true);
  const count = decodeCount(unit === undefined ? text : text!.slice(0, -1));
  const bytes = count * (unit?.[1] ?? 1);
  if (!Number.isSafeInteger(bytes)) throw new BadLink();
  return bytes;
}

function decodeCount(text: string | undefined): number {
  if (text === undefined || !/^\d{1,16}$/.test(text)) throw new BadLink();
  return Number(text);
}

function atomicUnitOf(bytes: number): 512 | 4096 | 16384 {
  if (bytes !== 512 && bytes !== 4096 && bytes !== 16384) throw new BadLink();
  return bytes;
}

function oneOf<T extends string>(text: string | undefined, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw new BadLink();
  return value;
}
