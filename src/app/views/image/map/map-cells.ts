import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterHealth, type ClusterMap, type ClusterUse } from '#protocol';

/**
 * How a cell looks, in one number: the use in the lowest four bits, the health in the next two, and a bit for cells
 * that the filter does not ask for.
 */
export type Look = number;

export const LOOK_COUNT = 128;
const DIM = 0x40;

export interface MapFilter {
  readonly uses: ReadonlySet<ClusterUse>;
  readonly healths: ReadonlySet<ClusterHealth>;
}

export const NO_FILTER: MapFilter = { uses: new Set(), healths: new Set() };

export function lookOf(use: number, health: number, isDim: boolean): Look {
  return use | (health << 4) | (isDim ? DIM : 0);
}

export function partsOf(look: Look): { use: ClusterUse; health: ClusterHealth; isDim: boolean } {
  return { use: CLUSTER_USES[look & 15]!, health: CLUSTER_HEALTHS[(look >> 4) & 3]!, isDim: (look & DIM) !== 0 };
}

/** One look a cell. A cell of several clusters shows the most serious of them, so that nothing bad is ever hidden. */
export function aggregateCells(map: ClusterMap, clustersPerCell: number, filter: MapFilter): Uint8Array {
  const looks = clusterLooks(filter);
  const ranks = lookRanks();
  const cells = new Uint8Array(Math.ceil(map.clusterCount / clustersPerCell));
  for (let cell = 0, cluster = 0; cell < cells.length; cell++) {
    const end = Math.min(cluster + clustersPerCell, map.clusterCount);
    let worst = looks[map.use[cluster]! | (map.health[cluster]! << 4)]!;
    for (cluster++; cluster < end; cluster++) {
      const look = looks[map.use[cluster]! | (map.health[cluster]! << 4)]!;
      if (ranks[look]! > ranks[worst]!) worst = look;
    }
    cells[cell] = worst;
  }
  return cells;
}

const USE_RANKS: Readonly<Record<ClusterUse, number>> = {
  free: 0,
  data: 1,
  compressed: 2,
  unknown: 3,
  'snapshot-data': 4,
  bitmap: 5,
  luks: 6,
  'snapshot-l2': 7,
  'snapshot-l1': 8,
  'snapshot-table': 9,
  'refcount-block': 10,
  l2: 11,
  l1: 12,
  'refcount-table': 13,
  header: 14,
};

const HEALTH_RANKS: Readonly<Record<ClusterHealth, number>> = {
  sound: 0,
  leaked: 1,
  'missing-reference': 2,
  'cross-linked': 3,
};

function lookRanks(): Uint8Array {
  const ranks = new Uint8Array(LOOK_COUNT);
  for (const [use, useRank] of Object.entries(USE_RANKS)) {
    for (const [health, healthRank] of Object.entries(HEALTH_RANKS)) {
      const look = lookOf(
        CLUSTER_USES.indexOf(use as ClusterUse),
        CLUSTER_HEALTHS.indexOf(health as ClusterHealth),
        false,
      );
      // What the filter asks for always outranks what it does not.
      ranks[look] = 100 + healthRank * 16 + useRank;
      ranks[look | DIM] = healthRank * 16 + useRank;
    }
  }
  return ranks;
}

/** Without a filter every look stays as it is; with one, whatever it does not name is dimmed. */
function clusterLooks({ uses, healths }: MapFilter): Uint8Array {
  const looks = Uint8Array.from({ length: DIM }, (_, look) => look);
  if (uses.size === 0 && healths.size === 0) return looks;
  return looks.map((look) => {
    const { use, health } = partsOf(look);
    return uses.has(use) || healths.has(health) ? look : look | DIM;
  });
}
