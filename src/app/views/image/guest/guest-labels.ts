import type { GuestExtent, GuestUse } from '#protocol';
import { formatHex } from '../../../ui/format-numbers.ts';
import type { ByteLabel } from '../../../ui/hex-rows.ts';

const WORDS: Readonly<Record<GuestUse, { readonly label: string; readonly meaning: string }>> = {
  data: { label: 'data', meaning: 'written by the guest' },
  zero: { label: 'zeros', meaning: 'known to be zeros, which need no data' },
  unallocated: { label: 'never written', meaning: 'nothing is stored for it; it reads as zeros' },
  compressed: { label: 'compressed', meaning: 'a cluster that is decompressed to be read' },
  backing: { label: 'from the backing file', meaning: 'nothing is stored here; the backing file shows through' },
};

/** The runs of the disk as labels of its bytes. A place in a data file is no place of the image, and no pointer. */
export function guestLabels(extents: readonly GuestExtent[], { hasDataFile }: { hasDataFile: boolean }): ByteLabel[] {
  return extents.map(({ at, length, use, hostOffset }) => ({
    at,
    length,
    ...WORDS[use],
    value:
      hostOffset === null ? 'no place in the file' : `${hasDataFile ? 'data file' : 'host'} ${formatHex(hostOffset)}`,
    target: hasDataFile ? null : hostOffset,
  }));
}
