import { viewOf } from '#engine';
import type { Random } from '../tools/random.ts';
import { placesOf, type Place } from './places.ts';
import { layoutOf, type Layout, type Role } from './regions.ts';

/** One change of an image: bytes at a place, or another length of the file. */
export type Damage =
  | { readonly kind: 'write'; readonly what: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'resize'; readonly what: string; readonly size: number };

/** Structures by how much they have to say; an image lacks some of them. */
const ROLES: readonly (readonly [number, Role])[] = [
  [5, 'header'],
  [2, 'extension'],
  [5, 'l1'],
  [10, 'l2'],
  [3, 'refcount-table'],
  [5, 'refcount-block'],
  [5, 'snapshot'],
  [3, 'bitmap-directory'],
  [3, 'bitmap-table'],
  [2, 'luks'],
  [3, 'stream'],
];

export const DAMAGED_ROLES: readonly Role[] = ROLES.map(([, role]) => role);

/** Between one and four changes, most of them single ones: a fault alone shows best what it does. */
export function makeDamage(random: Random, bytes: Uint8Array): Damage[] {
  const layout = layoutOf(bytes)!;
  const places = placesOf(layout, bytes);
  const count = random.weighted([
    [6, 1],
    [3, 2],
    [1, 4],
  ]);
  return Array.from({ length: count }, () => oneDamage(random, bytes, layout, places));
}

export function applyDamage(sound: Uint8Array, damages: readonly Damage[]): Uint8Array {
  let bytes = sound.slice();
  for (const damage of damages) {
    if (damage.kind === 'resize') {
      const resized = new Uint8Array(damage.size);
      resized.set(bytes.subarray(0, damage.size));
      bytes = resized;
    } else {
      // What a shorter file no longer has is not hurt.
      const length = Math.min(damage.bytes.length, bytes.length - damage.at);
      if (length > 0) bytes.set(damage.bytes.subarray(0, length), damage.at);
    }
  }
  return bytes;
}

/** What was damaged and how, without values: `noise in l2`, `header: l1Size`, `l1 as elsewhere`, `stream from elsewhere`. */
export function kindOf({ kind, what }: Damage): string {
  if (kind === 'resize') return what;
  return what
    .replace(/ := 0x[0-9a-f]+$/, '')
    .replace(/ as at \d+$/, ' as elsewhere')
    .replace(/ from \S+ at \d+$/, ' from elsewhere');
}

function oneDamage(random: Random, bytes: Uint8Array, layout: Layout, places: Map<Role, Place[]>): Damage {
  const roles = ROLES.filter(([, role]) => layout.regions.some((region) => region.role === role));
  const role = random.weighted(roles);
  const inRole = places.get(role) ?? [];
  const kind = random.weighted([
    [inRole.length > 0 ? 8 : 0, 'number'],
    [inRole.length > 1 ? 2 : 0, 'swap'],
    [1, 'noise'],
    [1, 'copy'],
    [1, 'resize'],
  ]);
  switch (kind) {
    case 'number': {
      const place = random.of(inRole);
      return numberAt(place, changedNumber(random, place, bytes, layout));
    }
    case 'swap':
      return swapped(random, inRole, bytes);
    case 'copy':
      return copied(random, role, bytes, layout);
    case 'resize':
      return { kind: 'resize', what: 'length of the file', size: newSize(random, bytes.length, layout) };
    default:
      return noise(random, role, bytes, layout);
  }
}

function valueAt({ at, size }: Place, bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes.subarray(at, at + size)) value = (value << 8n) | BigInt(byte);
  return value;
}

function numberAt({ what, at, size }: Place, value: bigint): Damage {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt.asUintN(size * 8, value));
  return {
    kind: 'write',
    what: `${what} := 0x${BigInt.asUintN(size * 8, value).toString(16)}`,
    at,
    bytes: bytes.subarray(8 - size),
  };
}

/** Borders of what the number can say, its neighbours, single bits, and for pointers: other places, right and wrong ones. */
function changedNumber(random: Random, place: Place, bytes: Uint8Array, layout: Layout): bigint {
  const old = valueAt(place, bytes);
  const bits = place.size * 8;
  const { clusterSize } = layout.geometry;
  if (place.isPointer && random.chance(0.6)) return changedPointer(random, place, old, bytes, layout);
  return random.weighted<() => bigint>([
    [3, () => old ^ (1n << BigInt(random.below(bits)))],
    [2, () => old + 1n],
    [2, () => old - 1n],
    [2, () => 0n],
    [1, () => 1n],
    [1, () => (1n << BigInt(bits)) - 1n],
    [1, () => (1n << BigInt(bits - 1)) - BigInt(random.below(2))],
    [1, () => 1n << BigInt(random.below(bits))],
    [1, () => old * 2n],
    [1, () => old + BigInt(random.of([8, 512, clusterSize, clusterSize - 1, clusterSize + 1]))],
    [1, () => BigInt(random.below(64))],
    [1, () => (BigInt(random.bits()) << 32n) | BigInt(random.bits())],
  ])();
}

/** Flags stay as they are, or change: what an entry points to and what it says about it are two things. */
function changedPointer(random: Random, place: Place, old: bigint, bytes: Uint8Array, layout: Layout): bigint {
  const flags = old & 0xff000000000001ffn;
  const { clusterSize } = layout.geometry;
  const cluster = BigInt(clusterSize);
  const clusterCount = Math.ceil(bytes.length / clusterSize);
  const target = random.weighted<() => bigint>([
    // Another structure, itself included: overlaps and loops.
    [6, () => BigInt(random.of(layout.regions).at)],
    [2, () => (BigInt(place.at) / cluster) * cluster],
    [2, () => BigInt(random.below(clusterCount)) * cluster],
    [1, () => 0n],
    // Around the end of the file, and far behind it.
    [2, () => BigInt(clusterCount + random.below(3) - 1) * cluster],
    [1, () => cluster << BigInt(random.below(34))],
    [1, () => (1n << 56n) - cluster],
    // Between clusters.
    [2, () => (old & 0x00fffffffffffe00n) + BigInt(random.of([512, 1024, clusterSize / 2]))],
  ])();
  const flipped = random.chance(0.2) ? 1n << BigInt(random.of([0, 1, 8, 56, 61, 62, 63])) : 0n;
  return random.chance(0.15) ? target : (target & 0x00fffffffffffe00n) | (flags ^ flipped);
}

function swapped(random: Random, places: readonly Place[], bytes: Uint8Array): Damage {
  const into = random.of(places);
  const from = random.of(places.filter(({ size }) => size === into.size));
  return numberAt({ ...into, what: `${into.what} as at ${from.at}` }, valueAt(from, bytes));
}

/** Something of one structure where another one stands. */
function copied(random: Random, role: Role, bytes: Uint8Array, layout: Layout): Damage {
  const into = random.of(layout.regions.filter((region) => region.role === role));
  const from = random.of(layout.regions);
  const length = Math.min(into.length, from.length, random.of([8, 16, 64, 512, 4096]));
  return {
    kind: 'write',
    what: `${role} from ${from.role} at ${from.at}`,
    at: into.at,
    bytes: bytes.slice(from.at, from.at + length),
  };
}

function noise(random: Random, role: Role, bytes: Uint8Array, layout: Layout): Damage {
  const region = random.of(layout.regions.filter((candidate) => candidate.role === role));
  const start = random.below(region.length);
  const length = Math.min(region.length - start, random.of([1, 1, 2, 8, 40, 512]));
  const changed = bytes.slice(region.at + start, region.at + start + length);
  const isZero = random.chance(0.2);
  for (let index = 0; index < length; index++) {
    if (isZero) changed[index] = 0;
    else if (length < 8 || random.chance(0.5)) changed[index] = random.bits();
  }
  return { kind: 'write', what: `noise in ${role}`, at: region.at + start, bytes: changed };
}

function newSize(random: Random, size: number, { geometry }: Layout): number {
  const { clusterSize } = geometry;
  const wanted = random.weighted<() => number>([
    [3, () => random.below(size)],
    [3, () => random.below(Math.ceil(size / clusterSize)) * clusterSize],
    [2, () => size - 1 - random.below(clusterSize)],
    [1, () => size + random.below(3 * clusterSize)],
    [1, () => random.below(128)],
  ])();
  return Math.max(0, wanted);
}
