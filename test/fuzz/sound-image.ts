import {
  addBitmap,
  closeImage,
  createImage,
  createLuks,
  createSnapshot,
  deriveNow,
  discard,
  EngineError,
  flushImage,
  isEngineError,
  LUKS_DEFAULTS,
  LUKS_ITERATIONS_MIN,
  MemoryStorage,
  openImage,
  pbkdf2InScript,
  rawSource,
  readHead,
  unlockImage,
  writeAt,
  writeCompressed,
  writeZeroes,
  type CreateOptions,
  type Image,
  type OpenOptions,
  type Pbkdf2Request,
  type Storage,
} from '#engine';
import type { Random } from '../tools/random.ts';

/** The backing file that images of the fuzzer may name: raw, a little larger than some disks and smaller than others. */
export const BACKING_FILE = 'base.raw';

export function backingBytes(): Uint8Array {
  return Uint8Array.from({ length: 96 * 1024 + 512 }, (_, index) => 1 + (((index * 7) >>> 9) % 250));
}

export interface SoundImage {
  /** What it has, for people. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A valid image, made by the engine, with whatever the format knows; small, but with all tables in use. */
export function makeSoundImage(random: Random): SoundImage {
  const options = chooseOptions(random);
  const storage = new MemoryStorage();
  createImage(storage, options);
  const traits: string[] = [];
  const image = openAny(storage, { writable: true });
  if (options.compat !== '0.10' && random.chance(0.25)) {
    addSomeBitmaps(image, random);
    traits.push('bitmaps');
  }
  const rounds = 1 + random.below(3);
  for (let round = 0; round < rounds; round++) {
    for (let count = 3 + random.below(10); count > 0; count--) changeSomething(image, random);
    if (round < 2 && random.chance(0.35)) {
      takeSnapshot(image, random, round);
      traits.push('snapshot');
    }
  }
  if (random.chance(0.85)) {
    closeImage(image);
  } else {
    // As after a crash: caches lost, the dirty bit set where refcounts are lazy.
    if (random.chance(0.5)) flushImage(image);
    traits.push('not closed');
  }
  return { name: [nameOf(options), ...traits].join(' '), bytes: storage.toBytes() };
}

const BACKING = rawSource(MemoryStorage.from(backingBytes()));
const PASSPHRASE = new TextEncoder().encode('fuzz');
/** One volume for all images: deriving its keys takes long on purpose. */
const VOLUME = deriveNow(
  createLuks(
    { ...LUKS_DEFAULTS, iterations: LUKS_ITERATIONS_MIN, masterKeyIterations: LUKS_ITERATIONS_MIN },
    PASSPHRASE,
    (length) => Uint8Array.from({ length }, (_, index) => index * 37),
  ),
);

/** Opens an image with the backing file and the passphrase that it may need. */
export function openAny(storage: Storage, options: OpenOptions): Image {
  const head = readHead(storage, { writable: false });
  const needs = head.encryption === 'none' ? {} : { cipher: deriveNow(unlockImage(storage, head, PASSPHRASE), derive) };
  return openImage(storage, { backing: BACKING, ...options, ...needs });
}

const derived = new Map<string, Uint8Array>();

/** A damaged header may ask for any number of rounds; a host asks its user before it begins with so many. */
function derive(request: Pbkdf2Request): Uint8Array {
  if (request.iterations > LUKS_ITERATIONS_MIN || request.length > 1024) {
    throw new EngineError('cancelled', 'Deriving the key would take too long.');
  }
  const key = `${request.hash} ${request.iterations} ${request.length} ${request.salt.join()}`;
  const known = derived.get(key) ?? pbkdf2InScript(request);
  derived.set(key, known);
  return known.slice();
}

function chooseOptions(random: Random): CreateOptions {
  const clusterSize = random.weighted([
    [30, 512],
    [20, 1024],
    [30, 4096],
    [14, 16384],
    [5, 65536],
    [1, 2 ** 21],
  ]);
  const compat = random.chance(0.12) ? '0.10' : '1.1';
  const sectors = (clusterSize / 512) * (4 + random.below(clusterSize > 16384 ? 12 : 160));
  const shared = { clusterSize, compat, size: (sectors + random.below(3)) * 512 } as const;
  const encryption = random.chance(0.06) ? { encryption: { kind: 'luks', luks: VOLUME } as const } : {};
  const backing = random.chance(0.15) ? { backingFile: BACKING_FILE, backingFormat: 'raw' } : {};
  if (compat === '0.10') return { ...shared, ...backing };
  return {
    ...shared,
    ...backing,
    ...encryption,
    refcountBits: random.weighted([
      [6, 16],
      [1, 1],
      [1, 2],
      [1, 4],
      [1, 8],
      [1, 32],
      [1, 64],
    ]),
    lazyRefcounts: random.chance(0.2),
    extendedL2: clusterSize >= 16384 && random.chance(0.4),
    compressionType: random.chance(0.3) ? 'zstd' : 'zlib',
    preallocation: random.chance(0.1) && !('backingFile' in backing) ? 'metadata' : 'off',
  };
}

function nameOf(options: CreateOptions): string {
  const { compat, clusterSize, refcountBits, lazyRefcounts, extendedL2, compressionType, backingFile } = options;
  return [
    `compat=${compat} cluster_size=${clusterSize} size=${options.size}`,
    refcountBits === undefined ? '' : ` refcount_bits=${refcountBits}`,
    lazyRefcounts === true ? ' lazy_refcounts' : '',
    extendedL2 === true ? ' extended_l2' : '',
    compressionType === 'zstd' ? ' zstd' : '',
    backingFile === undefined ? '' : ' backing',
    options.encryption === undefined ? '' : ' encrypted',
    options.preallocation === 'metadata' ? ' preallocated' : '',
  ].join('');
}

/** A guest operation near the start of the disk, where it meets others, or anywhere. */
export function changeSomething(image: Image, random: Random): void {
  const { clusterSize } = image.geometry;
  const sectorCount = Math.floor(image.virtualSize / 512);
  if (sectorCount === 0) return;
  const perCluster = clusterSize / 512;
  const near = Math.min(sectorCount, 16 * perCluster);
  const first = random.below(random.chance(0.7) ? near : sectorCount);
  const isAligned = random.chance(0.5);
  const start = isAligned ? first - (first % perCluster) : first;
  const lengthMax = Math.min(sectorCount - start, 4 * perCluster, 1024);
  const wanted = random.chance(0.5) ? perCluster : 1 + random.below(4 * perCluster);
  const at = start * 512;
  const length = Math.min(lengthMax, wanted) * 512;
  switch (random.below(8)) {
    case 0:
      return writeZeroes(image, at, length, { unmap: random.chance(0.5) });
    case 1:
      return discard(image, at, length);
    case 2:
    case 3:
      return compressSomething(image, random, at - (at % clusterSize));
    default:
      return writeAt(image, at, sampleBytes(random, length));
  }
}

/** Only clusters that hold nothing yet can be compressed, and none of an encrypted disk; the others stay as they are. */
function compressSomething(image: Image, random: Random, at: number): void {
  if (image.head.encryption !== 'none') return;
  const { clusterSize } = image.geometry;
  const length = Math.min(clusterSize, image.virtualSize - at);
  try {
    writeCompressed(image, at, sampleBytes(random, length));
  } catch (error) {
    if (!isEngineError(error, 'invalid-argument') && !isEngineError(error, 'io')) throw error;
  }
}

/** They record what is written from now on, and are stored when the image is closed. */
function addSomeBitmaps(image: Image, random: Random): void {
  for (let count = 1 + random.below(2); count > 0; count--) {
    const granularity = 512 * 2 ** random.below(8);
    addBitmap(image, { name: `bitmap ${count}`, granularity, isEnabled: random.chance(0.7) }, 'image');
  }
}

/** Narrow refcounts cannot count the references of a snapshot; then there is none. */
function takeSnapshot(image: Image, random: Random, round: number): void {
  const name = `s${random.below(100)}-${round}`;
  try {
    createSnapshot(image, { name, dateSeconds: 1_700_000_000, dateNanoseconds: 0 });
  } catch (error) {
    if (!isEngineError(error, 'invalid-argument')) throw error;
  }
}

/** Bytes of which some compress well and some not at all. */
export function sampleBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(1 + random.below(255));
  for (let piece = random.below(4); piece > 0; piece--) {
    const from = random.below(length);
    const to = Math.min(length, from + random.below(2048));
    for (let at = from; at < to; at++) bytes[at] = random.bits();
  }
  return bytes;
}
