import { describe, expect, it } from 'vitest';
import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterUse } from '#protocol';
import { lookOf } from '../../../../../src/app/views/image/map/map-cells.ts';
import { parseColor } from '../../../../../src/app/views/image/map/map-colors.ts';
import { drawMap, makeStamps, type MapColors } from '../../../../../src/app/views/image/map/map-draw.ts';
import { layoutMap } from '../../../../../src/app/views/image/map/map-layout.ts';

const uses = Object.fromEntries(CLUSTER_USES.map((use, code) => [use, 0xff000000 + code * 0x101010 + 1]));
const colors: MapColors = {
  background: 0xffffffff,
  hairline: 0xff999999,
  stripe: 0xffaaffaa,
  leaked: 0xff777777,
  violation: 0xff0000ff,
  black: 0xff000000,
  uses: uses as Record<ClusterUse, number>,
};
const look = (use: ClusterUse, health: (typeof CLUSTER_HEALTHS)[number] = 'sound') =>
  lookOf(CLUSTER_USES.indexOf(use), CLUSTER_HEALTHS.indexOf(health), false);

describe('drawMap', () => {
  it('draws each cell at its place and nothing elsewhere', () => {
    const layout = layoutMap(5, { clustersPerCell: 1, cellSize: 4 }, 13, 9, 0);
    const pixels = new Uint32Array(13 * 9);
    drawMap(
      pixels,
      layout,
      Uint8Array.of(look('header'), look('l1'), look('l2'), look('data'), look('luks')),
      colors,
      1,
    );
    const at = (x: number, y: number) => pixels[y * 13 + x];
    expect([at(0, 0), at(4, 0), at(8, 3), at(0, 4), at(7, 7)]).toEqual([
      colors.uses.header,
      colors.uses.l1,
      colors.uses.l2,
      colors.uses.data,
      colors.uses.luks,
    ]);
    expect([at(12, 0), at(8, 4), at(0, 8)]).toEqual([0xffffffff, 0xffffffff, 0xffffffff]);
  });

  it('draws only a part of the last row when the canvas ends', () => {
    const layout = layoutMap(9, { clustersPerCell: 1, cellSize: 4 }, 12, 6, 0);
    const pixels = new Uint32Array(12 * 6);
    drawMap(pixels, layout, new Uint8Array(9).fill(look('data')), colors, 1);
    expect(pixels[5 * 12]).toBe(colors.uses.data);
  });
});

describe('stamps', () => {
  const stamps = makeStamps(12, colors, 1);
  const colorsIn = (code: number) => new Set(stamps.get(code)!);

  it('leaves a gap around large cells', () => expect(stamps.get(look('data'))![11]).toBe(colors.background));

  it('never tells health or compression by colour alone: each has a pattern', () => {
    expect(colorsIn(look('compressed'))).toContain(colors.stripe);
    expect(colorsIn(look('data', 'leaked'))).toContain(colors.leaked);
    expect(colorsIn(look('data', 'missing-reference'))).toContain(colors.violation);
    expect(colorsIn(look('data', 'missing-reference'))).toContain(colors.uses.data);
    expect(colorsIn(look('data', 'cross-linked'))).toEqual(
      new Set([colors.violation, colors.black, colors.background]),
    );
  });
});

describe('parseColor', () => {
  it('reads the theme’s colours as pixels', () => expect(parseColor(' #1b8a5a')).toBe(0xff5a8a1b));
  it('reads the short form that the build writes', () => expect(parseColor('#fa3')).toBe(0xff33aaff));
  it('refuses anything else instead of drawing black', () => expect(() => parseColor('white')).toThrow(/colour/));
});
