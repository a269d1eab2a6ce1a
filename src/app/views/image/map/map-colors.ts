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

/** `#1b8a5a` → the pixel of `ImageData`. The build writes `#ffffff` as `#fff`, so both forms are read. */
export function parseColor(text: string): Pixel {
  const [, digits = ''] = /^\s*#([\da-f]{3}|[\da-f]{6})\s*$/i.exec(text) ?? [];
  if (digits === '') throw new Error(`Not a colour of the theme: “${text}”`);
  const long = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits;
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16));
  return ((0xff << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
}
