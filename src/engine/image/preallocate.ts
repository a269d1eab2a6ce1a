import { alignDown, alignUp, ceilDiv } from '../bytes/align.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { l1IndexOf, l2IndexOf } from '../format/geometry.ts';
import { COPIED_HIGH } from '../format/l1-entry.ts';
import { allocateDataClusters } from './data-clusters.ts';
import type { Image } from './image.ts';
import { allocateAreaAtEnd } from './reserved-area.ts';
import { makeRoom, takeSpace, type Preallocation } from './reserve-space.ts';

export interface NewDisk {
  readonly virtualSize: number;
  readonly l1TableOffset: HostOffset;
  readonly l1Size: number;
}

/** The longest request that QEMU passes to its allocator at once is just below 2 GiB. */
const REQUEST_SIZE_MAX = 2 ** 31 - 1;

/**
 * Gives every cluster of a new disk its place, without data: L2 tables and clusters where QEMU's allocator puts them.
 * The L1 table is written last, and the header does not point to it yet.
 */
export function preallocateDisk(image: Image, disk: NewDisk, mode: Preallocation): void {
  if (mode === 'off' || disk.virtualSize === 0) return;
  if (mode === 'metadata' || image.geometry.hasDataFile) preallocateScattered(image, disk);
  else preallocateContiguous(image, disk, mode);
}

/** All clusters in one piece, with disk space behind them. */
function preallocateContiguous(image: Image, { virtualSize, ...disk }: NewDisk, mode: 'falloc' | 'full'): void {
  const { clusterSize, l2Coverage, l2Entries } = image.geometry;
  const clusterCount = ceilDiv(virtualSize, clusterSize);
  const area = allocateAreaAtEnd(image, clusterCount);
  makeRoom(() => takeSpace(image.file, area, clusterCount * clusterSize, mode));
  const tables = new NewTables(image, { virtualSize, ...disk });
  for (let done = 0; done < clusterCount; done += l2Entries) {
    tables.enter((done * clusterSize) / l2Coverage);
    tables.map(0, area + done * clusterSize, Math.min(l2Entries, clusterCount - done));
  }
  tables.write();
}

function preallocateScattered(image: Image, disk: NewDisk): void {
  const { clusterSize, subclusterSize, hasDataFile } = image.geometry;
  const tables = new NewTables(image, disk);
  const requestSizeMax = alignDown(REQUEST_SIZE_MAX, clusterSize);
  let dataEnd = 0;
  for (let at = 0; at < disk.virtualSize;) {
    const run = allocateRun(image, tables, at, Math.min(disk.virtualSize - at, requestSizeMax));
    // A subcluster that the disk's end cuts is filled up with zeros.
    dataEnd = run.hostOffset + alignUp(run.length, subclusterSize);
    at += run.length;
  }
  tables.write();
  if (!hasDataFile && dataEnd > image.storage.size) image.storage.truncate(dataEnd, 'create');
}

/** Allocates one run of contiguous host clusters, at most `lengthMax` bytes; a new L2 table in between ends it. */
function allocateRun(
  image: Image,
  tables: NewTables,
  start: GuestOffset,
  lengthMax: number,
): { hostOffset: HostOffset; length: number } {
  const { geometry, allocator } = image;
  const { clusterSize, l2Entries, hasDataFile } = geometry;
  let hostOffset: HostOffset | null = null;
  let length = 0;
  while (length < lengthMax) {
    const at = start + length;
    tables.enter(l1IndexOf(geometry, at));
    const l2Index = l2IndexOf(geometry, at);
    const wanted = Math.min(ceilDiv(lengthMax - length, clusterSize), l2Entries - l2Index);
    const place: HostOffset = hostOffset === null ? allocateDataClusters(image, at, wanted) : hostOffset + length;
    const count = hostOffset === null || hasDataFile ? wanted : allocator.allocateAt(place, wanted);
    if (count === 0) break;
    hostOffset ??= place;
    tables.map(l2Index, place, count);
    length += Math.min(count * clusterSize, lengthMax - length);
  }
  return { hostOffset: hostOffset!, length };
}

/** The L1 table and the L2 table being filled; a filled one goes to the file when the next one is entered. */
class NewTables {
  readonly #image: Image;
  readonly #disk: NewDisk;
  readonly #l1: DataView;
  readonly #l2: Uint8Array;
  #l1Index = -1;
  #l2Offset: HostOffset = 0;

  constructor(image: Image, disk: NewDisk) {
    this.#image = image;
    this.#disk = disk;
    this.#l1 = viewOf(new Uint8Array(disk.l1Size * 8));
    this.#l2 = new Uint8Array(image.geometry.clusterSize);
  }

  /** Allocates the L2 table of an L1 entry, unless it is the present one. */
  enter(l1Index: number): void {
    if (l1Index === this.#l1Index) return;
    this.#writeL2();
    this.#l2.fill(0);
    this.#l1Index = l1Index;
    this.#l2Offset = this.#image.allocator.allocate(1);
    setCopiedEntry(this.#l1, l1Index * 8, this.#l2Offset);
  }

  /** Maps `count` guest clusters from an index of the present L2 table on; bitmaps of extended entries stay 0. */
  map(l2Index: number, hostOffset: HostOffset, count: number): void {
    const { clusterSize, l2EntrySize } = this.#image.geometry;
    const view = viewOf(this.#l2);
    for (let index = 0; index < count; index++) {
      setCopiedEntry(view, (l2Index + index) * l2EntrySize, hostOffset + index * clusterSize);
    }
  }

  write(): void {
    this.#writeL2();
    this.#image.storage.write(this.#disk.l1TableOffset, new Uint8Array(this.#l1.buffer), 'create');
  }

  #writeL2(): void {
    if (this.#l1Index >= 0) this.#image.storage.write(this.#l2Offset, this.#l2, 'create');
  }
}

function setCopiedEntry(view: DataView, at: number, hostOffset: HostOffset): void {
  setU64(view, at, hostOffset);
  view.setUint32(at, (view.getUint32(at) | COPIED_HIGH) >>> 0);
}
