import type { ClusterMap } from '#protocol';
import { aggregateCells, NO_FILTER, type MapFilter } from './map-cells.ts';
import { clusterBeside } from './map-hit.ts';
import { layoutMap, mapLevels, rowAfterZoom, rowToReveal } from './map-layout.ts';

/** What part of a map is on screen, and which clusters are pointed at. */
export class MapState {
  readonly map: ClusterMap;
  /** Size of the canvas in its own pixels, and how many of them are a CSS pixel. */
  width = $state(1);
  height = $state(1);
  scale = $state(1);
  filter = $state.raw<MapFilter>(NO_FILTER);
  /** The cluster under the pointer or the keyboard's cursor. */
  hover = $state<number | null>(null);
  pinned = $state<number | null>(null);
  /** Clusters that belong to what is pointed at, such as its tables. */
  linked = $state.raw<readonly number[]>([]);
  #level = $state(0);
  #firstRow = $state(0);

  constructor(map: ClusterMap) {
    this.map = map;
  }

  readonly levels = $derived.by(() => mapLevels(this.map.clusterCount, this.width, this.height, this.scale));
  readonly level = $derived(Math.min(this.#level, this.levels.length - 1));
  readonly layout = $derived.by(() =>
    layoutMap(this.map.clusterCount, this.levels[this.level]!, this.width, this.height, this.#firstRow),
  );
  readonly cells = $derived.by(() => aggregateCells(this.map, this.layout.clustersPerCell, this.filter));
  readonly isWhole = $derived(this.layout.rowCount <= this.layout.rowsVisible);

  resize(width: number, height: number, scale: number): void {
    this.width = Math.max(1, Math.round(width * scale));
    this.height = Math.max(1, Math.round(height * scale));
    this.scale = scale;
    // What a link points at stays in view, also when the first size comes after it.
    if (this.pinned !== null) this.reveal(this.pinned);
  }

  scrollTo(row: number): void {
    this.#firstRow = layoutMap(this.map.clusterCount, this.levels[this.level]!, this.width, this.height, row).firstRow;
  }

  scrollBy(rows: number): void {
    this.scrollTo(this.layout.firstRow + rows);
  }

  /** Goes `steps` levels in, or out when negative, and keeps a cluster at the height where it is. */
  zoom(steps: number, cluster: number, y: number): void {
    const next = Math.min(this.levels.length - 1, Math.max(0, this.level + steps));
    if (next === this.level) return;
    const row = rowAfterZoom(this.layout, this.levels[next]!, cluster, y);
    this.#level = next;
    this.scrollTo(row);
  }

  fit(): void {
    this.#level = 0;
    this.#firstRow = 0;
  }

  reveal(cluster: number): void {
    this.scrollTo(rowToReveal(this.layout, cluster));
  }

  /** Moves the cursor with an arrow key; false when the key means nothing here. */
  move(key: string): boolean {
    const next = clusterBeside(this.layout, this.hover ?? this.pinned ?? 0, key);
    if (next === null) return false;
    this.hover = next;
    this.reveal(next);
    return true;
  }

  /** What the pointer has in its hand when nothing is under it. */
  get anchor(): number {
    return this.hover ?? this.pinned ?? this.layout.firstRow * this.layout.columns * this.layout.clustersPerCell;
  }
}
