import type { ClusterRange, MapLayout } from './map-layout.ts';

/** The clusters of the cell at a point of the canvas, or null where no cell is. */
export function clustersAt(layout: MapLayout, x: number, y: number): ClusterRange | null {
  const column = Math.floor(x / layout.cellSize);
  const row = Math.floor(y / layout.cellSize) + layout.firstRow;
  if (x < 0 || y < 0 || column >= layout.columns) return null;
  return clustersOfCell(layout, row * layout.columns + column);
}

export function clustersOfCell(layout: MapLayout, cell: number): ClusterRange | null {
  const first = cell * layout.clustersPerCell;
  if (cell < 0 || first >= layout.clusterCount) return null;
  return { first, count: Math.min(layout.clustersPerCell, layout.clusterCount - first) };
}

/** The cluster that an arrow key leads to from another one. */
export function clusterBeside(layout: MapLayout, cluster: number, key: string): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -layout.columns,
    ArrowDown: layout.columns,
    PageUp: -layout.columns * layout.rowsVisible,
    PageDown: layout.columns * layout.rowsVisible,
    Home: -Infinity,
    End: Infinity,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const cell = Math.floor(cluster / layout.clustersPerCell) + step;
  const clamped = Math.min(layout.cellCount - 1, Math.max(0, cell));
  return clamped * layout.clustersPerCell;
}
