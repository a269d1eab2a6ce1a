import {
  alignUp,
  BITMAP_DIRECTORY_ENTRY,
  BITMAPS_EXTENSION,
  compressedExtentOf,
  decodeHeader,
  EXTENSION_BITMAPS,
  EXTENSION_HEADER,
  EXTENSION_LUKS,
  geometryOf,
  HEADER,
  l2KindOf,
  LUKS_EXTENSION,
  offsetOf,
  SNAPSHOT_HEADER,
  viewOf,
  type Geometry,
  type Header,
} from '#engine';

/** What a stretch of the file is for. `data` and `stream` belong to the guest, all else to the format. */
export type Role =
  | 'header'
  | 'extension'
  | 'l1'
  | 'l2'
  | 'refcount-table'
  | 'refcount-block'
  | 'snapshot'
  | 'bitmap-directory'
  | 'bitmap-table'
  | 'bitmap-bits'
  | 'luks'
  | 'data'
  | 'stream';

export interface Region {
  readonly role: Role;
  readonly at: number;
  /** Bytes, cut at the end of the file. */
  readonly length: number;
}

export interface Layout {
  readonly header: Header;
  readonly geometry: Geometry;
  readonly regions: readonly Region[];
}

/**
 * Finds what lies where in an image, broken or not, without the engine's walk, so that the two can be held against each
 * other. Whatever points out of the file or between clusters is not followed. Null where nothing can be found.
 */
export function layoutOf(bytes: Uint8Array): Layout | null {
  const header = decodeHeader(bytes);
  if (header.clusterBits < 9 || header.clusterBits > 21 || header.refcountOrder > 6) return null;
  const geometry = geometryOf(header);
  const walk = new Walk(bytes, header, geometry);
  walk.run();
  return { header, geometry, regions: walk.regions };
}

class Walk {
  readonly regions: Region[] = [];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #header: Header;
  readonly #geometry: Geometry;
  readonly #seen = new Set<string>();

  constructor(bytes: Uint8Array, header: Header, geometry: Geometry) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#header = header;
    this.#geometry = geometry;
  }

  run(): void {
    const header = this.#header;
    const { clusterSize } = this.#geometry;
    this.#add('header', 0, HEADER.size);
    this.#extensions();
    this.#l1(header.l1TableOffset, header.l1Size);
    this.#snapshots();
    this.#add('refcount-table', header.refcountTableOffset, header.refcountTableClusters * clusterSize);
    for (const [high, low] of this.#entries(
      header.refcountTableOffset,
      (header.refcountTableClusters * clusterSize) / 8,
    )) {
      const offset = high * 2 ** 32 + (low - (low % 512));
      if (offset !== 0 && offset % clusterSize === 0) this.#add('refcount-block', offset, clusterSize);
    }
  }

  /** Adds a region once; false where it is known or lies outside the file. */
  #add(role: Role, at: number, length: number): boolean {
    const key = `${role} ${at} ${length}`;
    if (length <= 0 || at >= this.#bytes.length || this.#seen.has(key)) return false;
    this.#seen.add(key);
    this.regions.push({ role, at, length: Math.min(length, this.#bytes.length - at) });
    return true;
  }

  /** The entries of a table as halves, as far as the file goes; with extended L2 the bitmaps are passed over. */
  *#entries(at: number, count: number, step = 8): Generator<readonly [number, number]> {
    const end = Math.min(this.#bytes.length - 7, at + count * step);
    for (let position = at; position < end; position += step) {
      yield [this.#view.getUint32(position), this.#view.getUint32(position + 4)];
    }
  }

  #l1(at: number, count: number): void {
    const { clusterSize, l2EntrySize, l2Entries } = this.#geometry;
    if (!this.#add('l1', at, count * 8)) return;
    for (const [high, low] of this.#entries(at, count)) {
      const offset = offsetOf(high, low);
      if (offset === 0 || offset % clusterSize !== 0 || !this.#add('l2', offset, clusterSize)) continue;
      for (const entry of this.#entries(offset, l2Entries, l2EntrySize)) this.#l2Entry(...entry);
    }
  }

  #l2Entry(high: number, low: number): void {
    if ((high | low) === 0) return;
    const kind = l2KindOf(this.#geometry, high, low);
    if (kind === 'compressed') {
      const { hostOffset, lengthMax } = compressedExtentOf(this.#geometry, high, low);
      this.#add('stream', hostOffset, lengthMax);
    } else if (kind === 'normal' || kind === 'zero-alloc') {
      this.#add('data', offsetOf(high, low), this.#geometry.clusterSize);
    }
  }

  #snapshots(): void {
    let at = this.#header.snapshotsOffset;
    for (let index = 0; index < this.#header.snapshotCount && at < this.#bytes.length; index++) {
      const entry = SNAPSHOT_HEADER.decode(this.#bytes, at);
      const length = SNAPSHOT_HEADER.size + entry.extraDataSize + entry.idLength + entry.nameLength;
      this.#add('snapshot', at, length);
      this.#l1(entry.l1TableOffset, entry.l1Size);
      at = alignUp(at + length, 8);
    }
  }

  #extensions(): void {
    const { clusterSize } = this.#geometry;
    for (let at = this.#header.headerLength; at + 8 <= Math.min(clusterSize, this.#bytes.length);) {
      const { magic, length } = EXTENSION_HEADER.decode(this.#bytes, at);
      this.#add('extension', at, EXTENSION_HEADER.size + length);
      if (magic === 0) return;
      const data = at + EXTENSION_HEADER.size;
      if (magic === EXTENSION_LUKS) {
        const luks = LUKS_EXTENSION.decode(this.#bytes, data);
        this.#add('luks', luks.offset, luks.length);
      } else if (magic === EXTENSION_BITMAPS) {
        this.#bitmaps(data);
      }
      at = alignUp(data + length, 8);
    }
  }

  #bitmaps(extensionAt: number): void {
    const { bitmapCount, directoryOffset, directorySize } = BITMAPS_EXTENSION.decode(this.#bytes, extensionAt);
    if (!this.#add('bitmap-directory', directoryOffset, directorySize)) return;
    let at = directoryOffset;
    for (let index = 0; index < bitmapCount && at < this.#bytes.length; index++) {
      const { tableOffset, tableSize, nameLength, extraDataSize } = BITMAP_DIRECTORY_ENTRY.decode(this.#bytes, at);
      this.#add('bitmap-table', tableOffset, tableSize * 8);
      for (const [high, low] of this.#entries(tableOffset, tableSize)) {
        const offset = offsetOf(high, low);
        if (offset !== 0) this.#add('bitmap-bits', offset, this.#geometry.clusterSize);
      }
      at = alignUp(at + BITMAP_DIRECTORY_ENTRY.size + extraDataSize + nameLength, 8);
    }
  }
}
