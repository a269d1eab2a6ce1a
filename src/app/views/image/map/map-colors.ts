import { CLUSTER_USES, type ClusterUse } from '#protocol';
import type { MapColors, Pixel } from './map-draw.ts';

/** The colours of the page's theme as pixels. */
export function readMapColors(element: Element): MapColors {
  const style = getComputedStyle(element);
  const pixel = (name: string) => parseColor(style.getPropertyValue(name));
  const uses = Object.fromEntries(
    CLUSTER_USES.map((use) => [use, pixel(`--use-${use.startsWith('snapshot') ? 'snapshot' : use}`)]),
  ) as Record<ClusterUse, Pixel>; // one entry for each name of the table
  return {
    background: pixel('--surface-0'),
    hairline: pixel('--line'),
    stripe: pixel('--use-stripe'),
    leaked: pixel('--health-leaked'),
    violation: pixel('--health-violation'),
    black: pixel('--health-black'),
    uses,
  };
}

/** `#1b8a5a` → the pixel of `ImageData`; the theme's colours are all written so. */
export function parseColor(text: string): Pixel {
  const [, red = '0', green = '0', blue = '0'] = /^\s*#(..)(..)(..)\s*$/.exec(text) ?? [];
  return ((0xff << 24) | (parseInt(blue, 16) << 16) | (parseInt(green, 16) << 8) | parseInt(red, 16)) >>> 0;
}
