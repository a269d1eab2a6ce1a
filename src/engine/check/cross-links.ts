import type { ClusterUse } from '../describe/use.ts';
import type { LongTask } from '../progress.ts';
import type { CheckPass } from './count-region.ts';
import { findReferences, type FoundReference } from './find-references.ts';
import type { SnapshotList } from './subject.ts';

/** Looking for the owners takes a walk; of more clusters than this nobody reads the labels. */
const NAMED_MAX = 1000;

/**
 * Notes the clusters that two parts of the image claim for themselves, with their names. QEMU shows them only as a wrong
 * refcount, and not at all once the refcount was raised; for people it is the finding that matters, as one of the two
 * shows what belongs to the other.
 */
export function* noteCrossLinks(
  { subject, crossLinked, log, map }: CheckPass,
  snapshots: SnapshotList,
): LongTask<void> {
  if (crossLinked.size === 0) return;
  const clusters = [...crossLinked].sort((a, b) => a - b).slice(0, NAMED_MAX);
  const owners = yield* findReferences(subject, snapshots, new Set(clusters));
  for (const cluster of clusters) {
    const { clusterSize } = subject.geometry;
    if (hidesTable(owners.get(cluster)!)) {
      log.unknownReferences ??= `The table in cluster ${cluster} is not the only structure there.`;
    }
    log.note({
      kind: 'cross-linked',
      message: `${sentenceList(owners.get(cluster)!.map(nameOf))} share cluster ${cluster}.`,
      mendedBy: 'nothing',
      at: { hostOffset: cluster * clusterSize, length: clusterSize },
      cluster,
      references: map.countOf(cluster),
    });
  }
  log.findingsOmitted += crossLinked.size - clusters.length;
}

/** A table where another structure lies is hardly the right one; what the right one refers to is not known. */
function hidesTable(owners: readonly FoundReference[]): boolean {
  const counts = new Map<ClusterUse, number>();
  for (const { use } of owners) counts.set(use, (counts.get(use) ?? 0) + 1);
  const countOf = (...uses: readonly ClusterUse[]) => uses.reduce((sum, use) => sum + (counts.get(use) ?? 0), 0);
  const l1Tables = countOf('l1', 'snapshot-l1');
  // Snapshots may share an L2 table with each other and with the disk, which names it once.
  const l2Tables = Math.max(countOf('l2'), Math.min(1, countOf('snapshot-l2')));
  const others = owners.length - countOf('l1', 'snapshot-l1', 'l2', 'snapshot-l2', ...GUEST_DATA);
  return l1Tables + l2Tables > 0 && l1Tables + l2Tables + others > 1;
}

const GUEST_DATA: readonly ClusterUse[] = ['data', 'compressed', 'snapshot-data'];

function nameOf({ label, guest, use }: FoundReference): string {
  const isData = use === 'data' || use === 'compressed';
  return guest !== null && isData ? `guest 0x${guest.offset.toString(16)}` : label;
}

function sentenceList(names: readonly string[]): string {
  const text = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join('');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
