import { getU64, l1IndexOf, l2IndexOf, offsetOf, readHead, setU64, viewOf, type Storage } from '#engine';

/** Copies the L2 entry of one guest offset over that of another, as a faulty program might. */
export function copyL2Entry(storage: Storage, fromGuest: number, toGuest: number): void {
  const entry = new Uint8Array(8);
  storage.read(l2EntryOffset(storage, fromGuest), entry);
  storage.write(l2EntryOffset(storage, toGuest), entry, 'l2-update');
}

/** Forgets where a guest cluster is, without telling the refcounts. */
export function clearL2Entry(storage: Storage, guestOffset: number): void {
  const entry = new Uint8Array(8);
  setU64(viewOf(entry), 0, 0);
  storage.write(l2EntryOffset(storage, guestOffset), entry, 'l2-update');
}

function l2EntryOffset(storage: Storage, guestOffset: number): number {
  const { header, geometry } = readHead(storage, { writable: false });
  const l1Entry = new Uint8Array(8);
  storage.read(header.l1TableOffset + l1IndexOf(geometry, guestOffset) * 8, l1Entry);
  const view = viewOf(l1Entry);
  const l2Offset = offsetOf(view.getUint32(0), view.getUint32(4));
  if (l2Offset === 0) throw new RangeError(`Guest offset ${guestOffset} has no L2 table (${getU64(view, 0)})`);
  return l2Offset + l2IndexOf(geometry, guestOffset) * geometry.l2EntrySize;
}
