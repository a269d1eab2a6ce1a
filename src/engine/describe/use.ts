/** What a host cluster is for. The numbers are the codes in `ClusterMap.use`. */
export const CLUSTER_USES = [
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
] as const;
export type ClusterUse = (typeof CLUSTER_USES)[number];

/** Whether a host cluster's refcount agrees with its references. The numbers are the codes in `ClusterMap.health`. */
export const CLUSTER_HEALTHS = ['sound', 'leaked', 'missing-reference', 'cross-linked'] as const;
export type ClusterHealth = (typeof CLUSTER_HEALTHS)[number];

/** The whole image file, a byte a host cluster in file order. */
export interface ClusterMap {
  readonly clusterSize: number;
  readonly clusterCount: number;
  /** Index into {@link CLUSTER_USES}. */
  readonly use: Uint8Array;
  /** Index into {@link CLUSTER_HEALTHS}. */
  readonly health: Uint8Array;
}

/** One pointer to a host cluster: which entry of which table, and for what. */
export interface ClusterReference {
  /** Such as `header`, `L1[0]`, `L2[0][5]`, `snapshot 1 "before" L1[0]`, `refcount table[0]`. */
  readonly label: string;
  /** Bytes of the pointer itself. */
  readonly at: number;
  readonly length: number;
  /** Guest range that the pointer maps, where it maps one. */
  readonly guest: { readonly offset: number; readonly length: number } | null;
}

export interface ClusterDetail {
  readonly index: number;
  readonly use: ClusterUse;
  readonly health: ClusterHealth;
  readonly refcount: number;
  readonly references: readonly ClusterReference[];
  readonly referenceCount: number;
}

/** A labelled byte range of the hex view. */
export interface Annotation {
  readonly at: number;
  readonly length: number;
  /** Name of the field, such as `l1TableOffset` or `L2[0][5]`. */
  readonly label: string;
  /** The value for people, such as `0x30000` or `normal, host 0x50000, copied`. */
  readonly value: string;
  readonly meaning: string;
  /** Host offset that the value points to, if it is a pointer. */
  readonly target: number | null;
}

/** A node of the structure tree; children are asked for lazily by `path`. */
export interface StructureNode {
  readonly path: string;
  readonly label: string;
  readonly detail: string;
  readonly use: ClusterUse;
  readonly at: number;
  readonly length: number;
  readonly childCount: number;
}
