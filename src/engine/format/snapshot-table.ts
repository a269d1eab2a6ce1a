import { alignUp } from '../bytes/align.ts';
import { viewOf } from '../bytes/big-endian.ts';
import { defineStruct } from '../bytes/struct.ts';
import type { Storage } from '../storage/storage.ts';
import type { HostOffset } from './addresses.ts';
import { decodeName, encodeName, upToNul } from './name.ts';

export const SNAPSHOTS_MAX = 65536;
export const SNAPSHOT_TABLE_SIZE_MAX = 64 * 1024 * 1024;
export const SNAPSHOT_EXTRA_DATA_MAX = 1024;
/** Extra data that writers always emit: the 64-bit VM state size, the disk size and the instruction count. */
export const SNAPSHOT_EXTRA_DATA_WRITTEN = 24;

/** Spec: "Snapshots", the fixed part; extra data, id and name follow. */
export const SNAPSHOT_HEADER = defineStruct('snapshot table entry', {
  l1TableOffset: { at: 0, type: 'u64', meaning: "where the snapshot's L1 table starts" },
  l1Size: { at: 8, type: 'u32', meaning: "entries of the snapshot's L1 table" },
  idLength: { at: 12, type: 'u16', meaning: 'bytes of the id' },
  nameLength: { at: 14, type: 'u16', meaning: 'bytes of the name' },
  dateSeconds: { at: 16, type: 'u32', meaning: 'when it was taken, in seconds since 1970' },
  dateNanoseconds: { at: 20, type: 'u32', meaning: 'nanoseconds of the second' },
  vmClock: { at: 24, type: 'flags64', meaning: 'nanoseconds that the guest had run' },
  vmStateSize: { at: 32, type: 'u32', meaning: 'bytes of the saved VM state, 0 if it does not fit 32 bits' },
  extraDataSize: { at: 36, type: 'u32', meaning: 'bytes of extra data' },
});

/** Spec: "Snapshots", extra data; each field counts only where `extraDataSize` reaches its end. */
export const SNAPSHOT_EXTRA_DATA = defineStruct('snapshot extra data', {
  vmStateSizeLarge: { at: 0, type: 'u64', meaning: 'bytes of the saved VM state' },
  diskSize: { at: 8, type: 'u64', meaning: 'size of the virtual disk when the snapshot was taken' },
  icount: { at: 16, type: 'flags64', meaning: 'instructions executed; all ones: not recorded' },
});

export interface SnapshotEntry {
  /** Where the entry stands, and its bytes up to the end of the name. */
  readonly at: HostOffset;
  readonly length: number;
  readonly l1TableOffset: HostOffset;
  /** The same as it stands: a number does not hold the low bits of a huge offset. */
  readonly l1TableOffsetBits: bigint;
  readonly l1Size: number;
  readonly id: string;
  readonly name: string;
  readonly dateSeconds: number;
  readonly dateNanoseconds: number;
  /** Nanoseconds. */
  readonly vmClock: bigint;
  readonly vmStateSize: number;
  /** null where the entry is too old to say: the disk had the size that the header states. */
  readonly diskSize: number | null;
  /** null where it was not recorded. */
  readonly icount: bigint | null;
  /** As the entry states it. */
  readonly extraDataSize: number;
  /** Extra data after the known fields, at most {@link SNAPSHOT_EXTRA_DATA_MAX} in all. */
  readonly unknownExtraData: Uint8Array;
}

/** Reads the entries one after the other, whatever they hold; whoever asks for the next one judges whether to go on. */
export function* readSnapshotTable(
  storage: Storage,
  tableOffset: HostOffset,
  count: number,
): Generator<SnapshotEntry, void, void> {
  let at = tableOffset;
  for (let index = 0; index < count; index++) {
    const entry = readSnapshotEntry(storage, at);
    yield entry;
    at = alignUp(entry.at + entry.length, 8);
  }
}

/** An L1 table starts with a cluster. */
export function hasAlignedL1({ l1TableOffsetBits }: SnapshotEntry, clusterSize: number): boolean {
  return l1TableOffsetBits % BigInt(clusterSize) === 0n;
}

export function readSnapshotEntry(storage: Storage, at: HostOffset): SnapshotEntry {
  const header = bytesAt(storage, at, SNAPSHOT_HEADER.size);
  const fields = SNAPSHOT_HEADER.decode(header);
  const extraDataAt = at + SNAPSHOT_HEADER.size;
  const extraData = bytesAt(storage, extraDataAt, Math.min(fields.extraDataSize, SNAPSHOT_EXTRA_DATA_MAX));
  const extra = SNAPSHOT_EXTRA_DATA.decode(extraData);
  const idAt = extraDataAt + fields.extraDataSize;
  const names = bytesAt(storage, idAt, fields.idLength + fields.nameLength);
  return {
    at,
    length: SNAPSHOT_HEADER.size + fields.extraDataSize + names.length,
    l1TableOffset: fields.l1TableOffset,
    l1TableOffsetBits: viewOf(header).getBigUint64(SNAPSHOT_HEADER.fields.l1TableOffset.at),
    l1Size: fields.l1Size,
    id: decodeName(upToNul(names.subarray(0, fields.idLength))),
    name: decodeName(upToNul(names.subarray(fields.idLength))),
    dateSeconds: fields.dateSeconds,
    dateNanoseconds: fields.dateNanoseconds,
    vmClock: fields.vmClock,
    vmStateSize: fields.extraDataSize >= 8 ? extra.vmStateSizeLarge : fields.vmStateSize,
    diskSize: fields.extraDataSize >= 16 ? extra.diskSize : null,
    icount: fields.extraDataSize >= 24 && extra.icount !== 0xffffffffffffffffn ? extra.icount : null,
    extraDataSize: fields.extraDataSize,
    unknownExtraData: extraData.slice(SNAPSHOT_EXTRA_DATA_WRITTEN),
  };
}

/** What a snapshot table entry says; where it stands follows from its place in the table. */
export type SnapshotFields = Omit<SnapshotEntry, 'at' | 'length' | 'l1TableOffsetBits' | 'extraDataSize'>;

/** The whole table as writers emit it: all known extra data, entries aligned to 8. `diskSize` stands in where an entry has none. */
export function encodeSnapshotTable(entries: readonly SnapshotFields[], diskSize: number): Uint8Array {
  const parts = entries.map((entry) => encodeSnapshotEntry(entry, diskSize));
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(alignUp(size, 8));
    size = alignUp(size, 8) + part.length;
  }
  const table = new Uint8Array(size);
  parts.forEach((part, index) => table.set(part, starts[index]!));
  return table;
}

function encodeSnapshotEntry(entry: SnapshotFields, diskSize: number): Uint8Array {
  const id = encodeName(entry.id);
  const name = encodeName(entry.name);
  const extraDataSize = SNAPSHOT_EXTRA_DATA_WRITTEN + entry.unknownExtraData.length;
  const bytes = new Uint8Array(SNAPSHOT_HEADER.size + extraDataSize + id.length + name.length);
  SNAPSHOT_HEADER.encode(
    {
      ...entry,
      idLength: id.length,
      nameLength: name.length,
      vmStateSize: entry.vmStateSize < 2 ** 32 ? entry.vmStateSize : 0,
      extraDataSize,
    },
    bytes,
  );
  SNAPSHOT_EXTRA_DATA.encode(
    {
      vmStateSizeLarge: entry.vmStateSize,
      diskSize: entry.diskSize ?? diskSize,
      icount: entry.icount ?? 0xffffffffffffffffn,
    },
    bytes,
    SNAPSHOT_HEADER.size,
  );
  bytes.set(entry.unknownExtraData, SNAPSHOT_HEADER.size + SNAPSHOT_EXTRA_DATA_WRITTEN);
  bytes.set(id, SNAPSHOT_HEADER.size + extraDataSize);
  bytes.set(name, SNAPSHOT_HEADER.size + extraDataSize + id.length);
  return bytes;
}

function bytesAt(storage: Storage, at: HostOffset, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (length > 0) storage.read(at, bytes);
  return bytes;
}
