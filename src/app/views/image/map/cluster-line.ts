import type { ClusterDetail, ClusterMap } from '#protocol';
import { HEALTH_WORDS, USE_WORDS } from '../../../text/uses.ts';
import { formatBytes, formatCount, formatHex } from '../../../ui/format-numbers.ts';
import { countHealths, countUses } from './map-counts.ts';

/** `cluster 5 · host 0x50000 · data of guest 0x0–0xffff · refcount 0, references 1`. */
export function clusterLine(map: ClusterMap, index: number, detail: ClusterDetail | null): string {
  const where = `cluster ${formatCount(index)} · host ${formatHex(index * map.clusterSize)}`;
  if (detail === null) return where;
  const guest = detail.references.find((reference) => reference.guest !== null)?.guest ?? null;
  const use = USE_WORDS[detail.use].name;
  const what = guest === null ? use : `${use} of guest ${rangeWords(guest.offset, guest.length)}`;
  const counts = `refcount ${formatCount(detail.refcount)}, references ${formatCount(detail.referenceCount)}`;
  const health = detail.health === 'sound' ? [] : [HEALTH_WORDS[detail.health].name];
  return [where, what, counts, ...health].join(' · ');
}

/** For a cell of several clusters: where it is and what is in it. */
export function cellLine(map: ClusterMap, first: number, count: number): string {
  const last = first + count - 1;
  const part: ClusterMap = {
    clusterSize: map.clusterSize,
    clusterCount: count,
    use: map.use.subarray(first, first + count),
    health: map.health.subarray(first, first + count),
  };
  const uses = countUses(part)
    .filter((row) => row.count > 0)
    .map((row) => `${USE_WORDS[row.use].name} ${formatCount(row.count)}`);
  const healths = countHealths(part)
    .filter((row) => row.count > 0 && row.health !== 'sound')
    .map((row) => `${HEALTH_WORDS[row.health].name} ${formatCount(row.count)}`);
  const where = `clusters ${formatCount(first)}–${formatCount(last)} · host ${formatHex(first * map.clusterSize)}`;
  return [where, formatBytes(count * map.clusterSize), ...uses, ...healths].join(' · ');
}

export function rangeWords(offset: number, length: number): string {
  return `${formatHex(offset)}–${formatHex(offset + length - 1)}`;
}
