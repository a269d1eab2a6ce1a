/** How much of the file a cell stands for, and how large it is drawn, in pixels of the canvas. */
export interface MapLevel {
  readonly clustersPerCell: number;
  readonly cellSize: number;
}

/** Which cells are on the canvas and where: cells run in file order, left to right, then down. */
export interface MapLayout extends MapLevel {
  readonly clusterCount: number;
  readonly cellCount: number;
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rowCount: number;
  readonly rowsVisible: number;
  readonly firstRow: number;
}

export interface ClusterRange {
  readonly first: number;
  readonly count: number;
}

const CELL_SIZES = [4, 5, 6, 8, 10, 12, 16, 20, 26, 34, 44, 60];

/**
 * The zoom levels of a file, from the whole file in view to single large clusters. `scale` is the number of canvas
 * pixels in a CSS pixel.
 */
export function mapLevels(clusterCount: number, width: number, height: number, scale: number): readonly MapLevel[] {
  const sizes = CELL_SIZES.map((size) => Math.round(size * scale));
  const singles = sizes.map((cellSize) => ({ clustersPerCell: 1, cellSize }));
  const fit = singles.findLastIndex((level) => fits(clusterCount, level, width, height));
  if (fit >= 0) return singles.slice(fit);

  // The whole file uses all the room there is; between it and single clusters, every level halves what a cell holds.
  const whole = clustersPerCellToFit(clusterCount, sizes[0]!, width, height);
  const levels: MapLevel[] = [...singles];
  for (let clustersPerCell = 2; clustersPerCell < whole; clustersPerCell *= 2) {
    levels.unshift({ clustersPerCell, cellSize: sizes[0]! });
  }
  levels.unshift({ clustersPerCell: whole, cellSize: sizes[0]! });
  return levels;
}

export function layoutMap(
  clusterCount: number,
  level: MapLevel,
  width: number,
  height: number,
  firstRow: number,
): MapLayout {
  const columns = columnsOf(level, width);
  const cellCount = Math.ceil(clusterCount / level.clustersPerCell);
  const rowCount = Math.ceil(cellCount / columns);
  const rowsVisible = Math.max(1, Math.floor(height / level.cellSize));
  return {
    ...level,
    clusterCount,
    cellCount,
    width,
    height,
    columns,
    rowCount,
    rowsVisible,
    firstRow: Math.min(Math.max(0, Math.round(firstRow)), Math.max(0, rowCount - rowsVisible)),
  };
}

/** Top left corner of the cell that holds a cluster; it may lie outside the canvas. */
export function cellCorner(layout: MapLayout, cluster: number): { x: number; y: number } {
  const cell = Math.floor(cluster / layout.clustersPerCell);
  const row = Math.floor(cell / layout.columns);
  return { x: (cell % layout.columns) * layout.cellSize, y: (row - layout.firstRow) * layout.cellSize };
}

/** The first row that brings a cluster into view, a third from the top; unchanged when it is in view already. */
export function rowToReveal(layout: MapLayout, cluster: number): number {
  const row = Math.floor(cluster / layout.clustersPerCell / layout.columns);
  const isVisible = row >= layout.firstRow && row < layout.firstRow + layout.rowsVisible;
  return isVisible ? layout.firstRow : row - Math.floor(layout.rowsVisible / 3);
}

/** The first row at another level that keeps a cluster at the height where it is. */
export function rowAfterZoom(layout: MapLayout, level: MapLevel, cluster: number, y: number): number {
  const row = Math.floor(cluster / level.clustersPerCell / columnsOf(level, layout.width));
  return row - Math.floor(y / level.cellSize);
}

function columnsOf(level: MapLevel, width: number): number {
  return Math.max(1, Math.floor(width / level.cellSize));
}

function fits(clusterCount: number, level: MapLevel, width: number, height: number): boolean {
  const rows = Math.ceil(clusterCount / level.clustersPerCell / columnsOf(level, width));
  return rows * level.cellSize <= height;
}

function clustersPerCellToFit(clusterCount: number, cellSize: number, width: number, height: number): number {
  const rows = Math.max(1, Math.floor(height / cellSize));
  return Math.max(2, Math.ceil(clusterCount / (rows * columnsOf({ clustersPerCell: 1, cellSize }, width))));
}
