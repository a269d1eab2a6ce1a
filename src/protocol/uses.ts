import type { CLUSTER_HEALTHS as EngineHealths, CLUSTER_USES as EngineUses, ClusterHealth, ClusterUse } from '#engine';

// The page reads `ClusterMap` codes but never loads the engine: these are the engine's tables again, and the compiler
// proves that they are equal to it, name by name and in order.

/** The names behind the codes in `ClusterMap.use`. */
export const CLUSTER_USES: typeof EngineUses = [
  'free',
  'header',
  'l1',
  'l2',
  'refcount-table',
  'refcount-block',
  'data',
  'compressed',
  'snapshot-table',
  'snapshot-l1',
  'snapshot-l2',
  'snapshot-data',
  'bitmap',
  'luks',
  'unknown',
];

/** The names behind the codes in `ClusterMap.health`. */
export const CLUSTER_HEALTHS: typeof EngineHealths = ['sound', 'leaked', 'missing-reference', 'cross-linked'];

export type { ClusterHealth, ClusterUse };
