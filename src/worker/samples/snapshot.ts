import {
  alignUp,
  COPIED_HIGH,
  getRefcount,
  getU64,
  HEADER,
  offsetOf,
  readHead,
  setRefcount,
  setU64,
  SNAPSHOT_EXTRA_DATA,
  SNAPSHOT_HEADER,
  viewOf,
  type ImageHead,
  type Storage,
} from '#engine';

export interface SampleSnapshot {
  readonly id: string;
  readonly name: string;
  readonly dateSeconds: number;
}

/**
 * Takes an internal snapshot of a small closed image: one refcount block, no compressed clusters, no extended L2. The L1
 * table is copied, everything it reaches gets one more reference and loses its COPIED flag. Nobody else uses the image
 * meanwhile, so no order of writes has to be kept.
 */
export function takeSnapshot(storage: Storage, snapshot: SampleSnapshot): void {
  const head = readHead(storage, { writable: false });
  const refcounts = new SmallRefcounts(storage, head);
  const l1 = shareL1(storage, head, refcounts);
  const { header, geometry } = head;
  const l1Copy = refcounts.allocate(alignUp(l1.length, geometry.clusterSize) / geometry.clusterSize);
  storage.write(header.l1TableOffset, l1, 'l1-update');
  storage.write(l1Copy, l1, 'snapshot-l1');

  const entries = [...oldEntries(storage, head), encodeEntry(snapshot, l1Copy, head)];
  const table = refcounts.allocate(1);
  let at = table;
  for (const entry of entries) {
    storage.write(at, entry, 'snapshot-table');
    at += entry.length;
  }
  if (header.snapshotCount > 0) refcounts.add(header.snapshotsOffset, -1);
  const fields = new Uint8Array(12);
  viewOf(fields).setUint32(0, header.snapshotCount + 1);
  setU64(viewOf(fields), 4, table);
  storage.write(HEADER.fields.snapshotCount.at, fields, 'header-other');
  refcounts.write();
  storage.truncate(Math.max(storage.size, refcounts.end), 'truncate');
}

/** Adds a reference to all that the active L1 table reaches; returns the table without COPIED flags. */
function shareL1(storage: Storage, { header, geometry }: ImageHead, refcounts: SmallRefcounts): Uint8Array {
  const l1 = new Uint8Array(header.l1Size * 8);
  storage.read(header.l1TableOffset, l1);
  forEachEntry(l1, (l2Offset) => {
    refcounts.add(l2Offset, 1);
    const l2 = new Uint8Array(geometry.clusterSize);
    storage.read(l2Offset, l2);
    forEachEntry(l2, (hostOffset) => refcounts.add(hostOffset, 1));
    storage.write(l2Offset, l2, 'l2-update');
  });
  return l1;
}

/** Calls `visit` for each entry with an offset, and clears its COPIED flag. */
function forEachEntry(table: Uint8Array, visit: (hostOffset: number) => void): void {
  const view = viewOf(table);
  for (let at = 0; at < table.length; at += 8) {
    const high = view.getUint32(at);
    const hostOffset = offsetOf(high, view.getUint32(at + 4));
    if (hostOffset === 0) continue;
    visit(hostOffset);
    view.setUint32(at, high & ~COPIED_HIGH);
  }
}

function oldEntries(storage: Storage, { snapshots }: ImageHead): Uint8Array[] {
  return snapshots.map(({ at, length }) => {
    const entry = new Uint8Array(alignUp(length, 8));
    storage.read(at, entry.subarray(0, length));
    return entry;
  });
}

function encodeEntry({ id, name, dateSeconds }: SampleSnapshot, l1TableOffset: number, head: ImageHead): Uint8Array {
  const idBytes = new TextEncoder().encode(id);
  const nameBytes = new TextEncoder().encode(name);
  const extraDataAt = SNAPSHOT_HEADER.size;
  const idAt = extraDataAt + SNAPSHOT_EXTRA_DATA.size;
  const entry = new Uint8Array(alignUp(idAt + idBytes.length + nameBytes.length, 8));
  SNAPSHOT_HEADER.encode(
    {
      l1TableOffset,
      l1Size: head.header.l1Size,
      idLength: idBytes.length,
      nameLength: nameBytes.length,
      dateSeconds,
      dateNanoseconds: 0,
      vmClock: 0n,
      vmStateSize: 0,
      extraDataSize: SNAPSHOT_EXTRA_DATA.size,
    },
    entry,
  );
  const extraData = { vmStateSizeLarge: 0, diskSize: head.header.virtualSize, icount: 0xffffffffffffffffn };
  SNAPSHOT_EXTRA_DATA.encode(extraData, entry, extraDataAt);
  entry.set(idBytes, idAt);
  entry.set(nameBytes, idAt + idBytes.length);
  return entry;
}

/** The refcounts of an image whose clusters all lie in the reach of its first refcount block. */
class SmallRefcounts {
  readonly #storage: Storage;
  readonly #clusterSize: number;
  readonly #bits: number;
  readonly #blockOffset: number;
  readonly #block: Uint8Array;
  /** Where the cluster after the last one in use starts. */
  end: number;

  constructor(storage: Storage, { header, geometry }: ImageHead) {
    const entry = new Uint8Array(8);
    storage.read(header.refcountTableOffset, entry);
    this.#storage = storage;
    this.#clusterSize = geometry.clusterSize;
    this.#bits = geometry.refcountBits;
    this.#blockOffset = getU64(viewOf(entry), 0);
    this.#block = new Uint8Array(geometry.clusterSize);
    storage.read(this.#blockOffset, this.#block);
    this.end = alignUp(storage.size, geometry.clusterSize);
  }

  allocate(clusterCount: number): number {
    const at = this.end;
    for (let index = 0; index < clusterCount; index++) this.add(at + index * this.#clusterSize, 1);
    this.end += clusterCount * this.#clusterSize;
    return at;
  }

  add(hostOffset: number, change: number): void {
    const cluster = Math.floor(hostOffset / this.#clusterSize);
    setRefcount(this.#block, this.#bits, cluster, getRefcount(this.#block, this.#bits, cluster) + change);
  }

  write(): void {
    this.#storage.write(this.#blockOffset, this.#block, 'refblock-update');
  }
}
