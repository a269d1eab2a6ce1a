import { CLUSTER_USES, type ClusterUse } from '#protocol';
import { LOOK_COUNT, partsOf, type Look } from './map-cells.ts';
import type { MapLayout } from './map-layout.ts';

/** A pixel as it lies in `ImageData` on a little-endian machine: 0xAABBGGRR. */
export type Pixel = number;

export interface MapColors {
  readonly background: Pixel;
  readonly hairline: Pixel;
  readonly stripe: Pixel;
  readonly leaked: Pixel;
  readonly violation: Pixel;
  readonly black: Pixel;
  readonly uses: Readonly<Record<ClusterUse, Pixel>>;
}

/** A small square of pixels for each look, made once for a cell size and copied into place. */
export type Stamps = ReadonlyMap<Look, Uint32Array>;

/** From this size on a cell has a gap around it, and room for a letter from the next. */
const GAP_MIN = 6;
export const LETTER_MIN = 16;

/** Draws the visible cells into `pixels`, which has the layout's width and height. */
export function drawMap(
  pixels: Uint32Array,
  layout: MapLayout,
  cells: Uint8Array,
  colors: MapColors,
  scale: number,
): void {
  pixels.fill(colors.background);
  const stamps = makeStamps(layout.cellSize, colors, scale);
  const size = layout.cellSize;
  const rows = Math.min(layout.rowCount - layout.firstRow, Math.ceil(layout.height / size));
  for (let row = 0; row < rows; row++) {
    const firstCell = (layout.firstRow + row) * layout.columns;
    const count = Math.min(layout.columns, layout.cellCount - firstCell);
    const lines = Math.min(size, layout.height - row * size);
    for (let column = 0; column < count; column++) {
      const stamp = stamps.get(cells[firstCell + column]!)!;
      let to = row * size * layout.width + column * size;
      for (let from = 0; from < lines * size; from += size, to += layout.width) {
        for (let x = 0; x < size; x++) pixels[to + x] = stamp[from + x]!;
      }
    }
  }
}

export function makeStamps(cellSize: number, colors: MapColors, scale: number): Stamps {
  const looks = Array.from({ length: LOOK_COUNT }, (_, look) => look).filter(
    (look) => (look & 15) < CLUSTER_USES.length,
  );
  return new Map(looks.map((look) => [look, makeStamp(look, cellSize, colors, scale)]));
}

function makeStamp(look: Look, cellSize: number, colors: MapColors, scale: number): Uint32Array {
  const { isDim } = partsOf(look);
  const gap = cellSize >= GAP_MIN * scale ? Math.max(1, Math.round(scale)) : 0;
  const inner = cellSize - gap;
  const stamp = new Uint32Array(cellSize * cellSize).fill(colors.background);
  for (let y = 0; y < inner; y++) {
    for (let x = 0; x < inner; x++) {
      const pixel = pixelOf(look, x, y, inner, colors, scale);
      stamp[y * cellSize + x] = isDim ? mix(pixel, colors.background, 0.82) : pixel;
    }
  }
  return stamp;
}

function pixelOf(look: Look, x: number, y: number, inner: number, colors: MapColors, scale: number): Pixel {
  const { use, health } = partsOf(look);
  const unit = Math.max(1, Math.round(scale));
  const column = Math.floor(x / unit);
  const row = Math.floor(y / unit);
  if (health === 'cross-linked') return x + y < inner ? colors.violation : colors.black;
  if (health === 'missing-reference' && x - y >= inner - Math.max(3 * unit, inner * 0.6)) return colors.violation;
  if (health === 'leaked') {
    const isHatch = (column + row) % 4 === 0 || (((column - row) % 4) + 4) % 4 === 0;
    return isHatch ? colors.leaked : mix(colors.leaked, colors.background, 0.7);
  }
  if (use === 'free') {
    const isEdge = x < unit || y < unit || x >= inner - unit || y >= inner - unit;
    return isEdge && inner >= 5 * unit ? colors.hairline : colors.uses.free;
  }
  if (use === 'compressed' && (column + row) % 5 < 2) return colors.stripe;
  return colors.uses[use];
}

/** `share` of the way from one colour to the other; both are opaque. */
function mix(from: Pixel, to: Pixel, share: number): Pixel {
  const channel = (shift: number) => {
    const a = (from >>> shift) & 255;
    const b = (to >>> shift) & 255;
    return Math.round(a + (b - a) * share) << shift;
  };
  return ((0xff << 24) | channel(16) | channel(8) | channel(0)) >>> 0;
}
