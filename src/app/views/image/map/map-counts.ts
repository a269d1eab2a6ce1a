import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterHealth, type ClusterMap, type ClusterUse } from '#protocol';

/** How many clusters have each use, in the order of the uses. */
export function countUses({ use }: ClusterMap): { use: ClusterUse; count: number }[] {
  const counts = countCodes(use, CLUSTER_USES.length);
  return CLUSTER_USES.map((name, code) => ({ use: name, count: counts[code]! }));
}

/** How many clusters are in each state of health. */
export function countHealths({ health }: ClusterMap): { health: ClusterHealth; count: number }[] {
  const counts = countCodes(health, CLUSTER_HEALTHS.length);
  return CLUSTER_HEALTHS.map((name, code) => ({ health: name, count: counts[code]! }));
}

function countCodes(codes: Uint8Array, codeCount: number): Float64Array {
  const counts = new Float64Array(codeCount);
  for (const code of codes) counts[code]!++;
  return counts;
}
