import {
  BITMAP_DIRECTORY_ENTRY,
  BITMAPS_EXTENSION,
  EXTENSION_BITMAPS,
  EXTENSION_HEADER,
  EXTENSION_LUKS,
  fieldSize,
  HEADER,
  LUKS_EXTENSION,
  SNAPSHOT_EXTRA_DATA,
  SNAPSHOT_HEADER,
  viewOf,
} from '#engine';
import type { Layout, Region, Role } from './regions.ts';

/** A number in the image that can be set to something else: a field of a declared structure, or an entry of a table. */
export interface Place {
  /** Structure and field, or the kind of table. */
  readonly what: string;
  readonly at: number;
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number;
  /** The number is, or contains, the offset of something. */
  readonly isPointer: boolean;
}

interface Struct {
  readonly name: string;
  readonly fields: Readonly<Record<string, Parameters<typeof fieldSize>[0]>>;
}

/** Tables are large; of their empty entries only some are worth hurting. */
const EMPTY_ENTRIES_MAX = 4;

/** All places of an image, by the role of the region in which they lie. */
export function placesOf({ geometry, regions }: Layout, bytes: Uint8Array): Map<Role, Place[]> {
  const places = new Map<Role, Place[]>();
  const view = viewOf(bytes);
  for (const region of regions) {
    const found = [...placesIn(region)];
    places.set(region.role, [...(places.get(region.role) ?? []), ...found]);
  }
  return places;

  function* placesIn({ role, at, length }: Region): Generator<Place> {
    switch (role) {
      case 'header':
        return yield* fieldsOf(HEADER, at);
      case 'extension':
        yield* fieldsOf(EXTENSION_HEADER, at);
        if (view.getUint32(at) === EXTENSION_BITMAPS) yield* fieldsOf(BITMAPS_EXTENSION, at + EXTENSION_HEADER.size);
        if (view.getUint32(at) === EXTENSION_LUKS) yield* fieldsOf(LUKS_EXTENSION, at + EXTENSION_HEADER.size);
        return;
      case 'snapshot':
        yield* fieldsOf(SNAPSHOT_HEADER, at);
        return yield* fieldsOf(SNAPSHOT_EXTRA_DATA, at + SNAPSHOT_HEADER.size);
      case 'bitmap-directory':
        return yield* fieldsOf(BITMAP_DIRECTORY_ENTRY, at);
      case 'l1':
      case 'refcount-table':
      case 'bitmap-table':
        return yield* entriesOf(role, at, length, 8);
      case 'l2':
        yield* entriesOf('l2', at, length, geometry.l2EntrySize);
        if (geometry.extendedL2) yield* entriesOf('subclusters', at + 8, length - 8, 16);
        return;
      case 'refcount-block':
        return yield* entriesOf('refcounts', at, length, Math.max(1, geometry.refcountBits / 8));
      case 'luks':
      case 'bitmap-bits':
      case 'data':
      case 'stream':
        return;
    }
  }

  function* fieldsOf({ name, fields }: Struct, start: number): Generator<Place> {
    for (const [field, spec] of Object.entries(fields)) {
      const size = fieldSize(spec);
      if (start + spec.at + size > bytes.length) continue;
      yield {
        what: `${name}: ${field}`,
        at: start + spec.at,
        size,
        isPointer: field.endsWith('Offset') || field === 'offset',
      };
    }
  }

  function* entriesOf(what: string, start: number, length: number, step: number): Generator<Place> {
    const size = Math.min(step, 8);
    let emptyLeft = EMPTY_ENTRIES_MAX;
    for (let at = start; at + size <= start + length; at += step) {
      if (!hasBits(at, size)) {
        if (emptyLeft === 0) continue;
        emptyLeft -= 1;
      }
      yield { what, at, size, isPointer: what !== 'refcounts' && what !== 'subclusters' };
    }
  }

  function hasBits(at: number, size: number): boolean {
    for (let index = at; index < at + size; index++) if (bytes[index] !== 0) return true;
    return false;
  }
}
