import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../src/app/ui/tokens.css', import.meta.url), 'utf8');
const light = colorsOf(/:root \{([^}]*)\}/);
const themes = { light, dark: { ...light, ...colorsOf(/:root\[data-theme='dark'\] \{([^}]*)\}/) } };

const TEXT_PAIRS = [
  ['text', 'surface-0'],
  ['text', 'surface-1'],
  ['text-2', 'surface-1'],
  ['text-3', 'surface-0'],
  ['text-3', 'surface-1'],
  ['text-3', 'surface-2'],
  ['text-3', 'accent-soft'],
  ['text-2', 'accent-soft'],
  ['accent', 'surface-0'],
  ['accent', 'surface-1'],
  ['accent', 'accent-soft'],
  ['on-accent', 'accent'],
  ['sound', 'sound-soft'],
  ['leak', 'leak-soft'],
  ['repair', 'repair-soft'],
  ['violation', 'violation-soft'],
  ['text-2', 'repair-soft'],
  ['text-2', 'violation-soft'],
] as const;

const USES = [
  'header',
  'l1',
  'l2',
  'refcount-table',
  'refcount-block',
  'data',
  'snapshot',
  'bitmap',
  'luks',
  'unknown',
];

describe.each(Object.entries(themes))('the %s theme', (_name, colors) => {
  it.each(TEXT_PAIRS)('can be read: %s on %s', (text, surface) => {
    expect(contrast(colors[text]!, colors[surface]!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(USES)('shows %s clusters against the page', (use) => {
    expect(contrast(colors[`use-${use}`]!, colors['surface-0']!)).toBeGreaterThanOrEqual(3);
  });

  it.each(['line-strong', 'focus', 'health-leaked', 'health-violation'])('shows %s as a graphic', (name) => {
    expect(contrast(colors[name]!, colors['surface-1']!)).toBeGreaterThanOrEqual(3);
  });
});

function colorsOf(block: RegExp): Record<string, string> {
  const [, body = ''] = block.exec(css) ?? [];
  return Object.fromEntries([...body.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name, color]) => [name, color]));
}

/** WCAG 2: the ratio of the relative luminances. */
function contrast(a: string, b: string): number {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright! + 0.05) / (dark! + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
