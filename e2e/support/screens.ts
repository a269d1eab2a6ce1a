import axe from 'axe-core';
import { expect, type Page } from './fixtures.ts';

/** A desk and a phone held upright, in both themes. */
export const SCREENS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [
    { screen: 'wide', viewport: { width: 1280, height: 800 } },
    { screen: 'phone', viewport: { width: 390, height: 844 } },
  ].map(({ screen, viewport }) => ({
    name: `${screen}-${colorScheme}`,
    settings: { viewport, colorScheme, reducedMotion: 'reduce' as const },
  })),
);

/** Takes a picture of what is shown: no finding of axe that is serious, nothing wider than the screen. */
export async function expectFit(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/screenshots/${name}.png` });
  expect.soft(await seriousFindings(page), `axe: ${name}`).toEqual([]);
  expect.soft(await widthOverflow(page), `wider than the screen: ${name}`).toBe(0);
}

async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`));
}

function widthOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
