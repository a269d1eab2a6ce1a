import type { Atom } from '../disk/atoms.ts';
import type { CrashMedia } from '../disk/crash-media.ts';
import type { DiskModel } from '../scenario.ts';

/** Atoms for the same place: none of them is on the media, or one is. */
type Site = readonly number[];

export interface StatesOptions {
  readonly disk: DiskModel;
  readonly isData: (atom: Atom) => boolean;
  /** More metadata states than this are sampled. */
  readonly statesMax: number;
  readonly seed: number;
}

export interface StateSpace {
  /** All states, metadata by metadata state; `Infinity` where a number cannot hold it. */
  readonly count: number;
  readonly isExhaustive: boolean;
  /** Puts `media` into one state after the other, and yields it each time. */
  visit(media: CrashMedia): Generator<CrashMedia>;
}

/**
 * The crash states of one epoch. Metadata atoms are combined in full, neighbouring states differing in one place (Gray
 * order). Of guest data, all, none, and the first versions alone: opening an image never reads guest data, so each data
 * sector is judged by itself, and these three show every sector in every version.
 */
export function statesOf(atoms: readonly Atom[], options: StatesOptions): StateSpace {
  if (options.disk.order === 'in-order') return prefixesOf(atoms);
  const indexes = atoms.map((_, index) => index);
  const metadata = sitesOf(
    atoms,
    indexes.filter((index) => !options.isData(atoms[index]!)),
    options.disk,
  );
  const data = indexes.filter((index) => options.isData(atoms[index]!));
  const patterns = dataPatterns(atoms, data);
  const metadataCount = metadata.reduce((product, site) => product * (site.length + 1), 1);
  const isExhaustive = metadataCount <= options.statesMax;
  return {
    count: metadataCount * patterns.length,
    isExhaustive,
    *visit(media) {
      const choices = isExhaustive ? grayChoices(metadata) : sampledChoices(metadata, options);
      for (const choose of choices) {
        choose(media);
        for (const pattern of patterns) {
          for (const index of data) media.setPersisted(index, pattern.has(index));
          yield media;
        }
      }
    },
  };
}

function prefixesOf(atoms: readonly Atom[]): StateSpace {
  return {
    count: atoms.length + 1,
    isExhaustive: true,
    *visit(media) {
      for (let length = 0; length <= atoms.length; length++) {
        for (let index = 0; index < atoms.length; index++) media.setPersisted(index, index < length);
        yield media;
      }
    },
  };
}

/** Of atoms that cover the same sectors only the last persisted one counts, so such a place has one state each. */
function sitesOf(atoms: readonly Atom[], indexes: readonly number[], disk: DiskModel): Site[] {
  const sites = new Map<string, number[]>();
  for (const index of indexes) {
    const atom = atoms[index]!;
    const isSector = atom.kind === 'sectors' && disk.atomicUnit === 512;
    const key = isSector ? `sector ${Math.floor(atom.at / 512)}` : `atom ${index}`;
    const site = sites.get(key);
    if (site === undefined) sites.set(key, [index]);
    else site.push(index);
  }
  return [...sites.values()];
}

/** Everything comes first: unfinished data in clusters that are free again is the worst ground for a repair. */
function dataPatterns(atoms: readonly Atom[], data: readonly number[]): ReadonlySet<number>[] {
  if (data.length === 0) return [new Set()];
  const first = data.filter(
    (index, position) => !data.slice(0, position).some((early) => overlap(atoms[early]!, atoms[index]!)),
  );
  const patterns = [new Set(data), new Set<number>()];
  return first.length === data.length ? patterns : [...patterns, new Set(first)];
}

function overlap(a: Atom, b: Atom): boolean {
  if (a.kind === 'size' || b.kind === 'size') return false;
  return a.at < b.at + lengthOf(b) && b.at < a.at + lengthOf(a);
}

function lengthOf(atom: Atom & { kind: 'sectors' | 'hole' }): number {
  return atom.kind === 'sectors' ? atom.bytes.length : atom.length;
}

type Choose = (media: CrashMedia) => void;

/** Every combination of one choice a site; the next one changes a single site by one step (reflected mixed radix). */
function* grayChoices(sites: readonly Site[]): Generator<Choose> {
  const digits = sites.map(() => 0);
  const directions = sites.map(() => 1);
  yield (media) => sites.forEach((site) => setSite(media, site, 0));
  for (;;) {
    let position = 0;
    while (position < sites.length && !canStep(digits[position]! + directions[position]!, sites[position]!)) {
      directions[position] = -directions[position]!;
      position++;
    }
    if (position === sites.length) return;
    digits[position]! += directions[position]!;
    const site = sites[position]!;
    const digit = digits[position]!;
    yield (media) => setSite(media, site, digit);
  }
}

function canStep(digit: number, site: Site): boolean {
  return digit >= 0 && digit <= site.length;
}

/** Nothing, everything, all but one, only one, every prefix, then random ones; each combination is set as a whole. */
function* sampledChoices(sites: readonly Site[], { statesMax, seed }: StatesOptions): Generator<Choose> {
  const random = randomFrom(seed);
  let count = 0;
  for (const digits of sampledDigits(sites, random)) {
    yield (media) => sites.forEach((site, position) => setSite(media, site, digits[position]!));
    count++;
    if (count >= statesMax) return;
  }
}

function* sampledDigits(sites: readonly Site[], random: () => number): Generator<number[]> {
  const whole = (digitOf: (site: Site, position: number) => number) => sites.map(digitOf);
  yield whole(() => 0);
  yield whole((site) => site.length);
  for (let chosen = 0; chosen < sites.length; chosen++) {
    yield whole((site, position) => (position === chosen ? 0 : site.length));
    yield whole((site, position) => (position === chosen ? site.length : 0));
    yield whole((site, position) => (position < chosen ? site.length : 0));
  }
  for (;;) yield whole((site) => Math.floor(random() * (site.length + 1)));
}

/** Digit 0: no version of the site is on the media; digit n: the n-th version is. */
function setSite(media: CrashMedia, site: Site, digit: number): void {
  site.forEach((atom, version) => media.setPersisted(atom, version === digit - 1));
}

/** A small deterministic generator (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
