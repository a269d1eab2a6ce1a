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

/** A tablet held upright: too wide for what a phone shows, too narrow for what a desk does. */
export const TABLET = {
  name: 'tablet-light',
  settings: { viewport: { width: 768, height: 1024 }, colorScheme: 'light', reducedMotion: 'reduce' },
} as const;

/** Takes a picture of what is shown: no finding of axe that is serious, nothing wider than the screen. */
export async function expectFit(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/screenshots/${name}.png` });
  expect.soft(await seriousFindings(page), `axe: ${name}`).toEqual([]);
  expect.soft(await tooWide(page), `wider than their place: ${name}`).toEqual([]);
}

async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`));
}

/**
 * What holds more than its width shows: the document, and every box that clips sideways. A box that scrolls sideways
 * only (a row of tabs) or that can be focused is meant to be scrolled; a line with an ellipsis says that it goes on.
 */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isMeantToClip = (element: Element) => {
      const { overflowX, overflowY, textOverflow, clipPath } = getComputedStyle(element);
      if (overflowX === 'visible' || textOverflow === 'ellipsis' || clipPath !== 'none') return true;
      const scrolls = overflowX === 'auto' || overflowX === 'scroll';
      return scrolls && (overflowY === 'hidden' || element.matches('[tabindex="0"], textarea'));
    };
    return [document.documentElement, ...document.body.querySelectorAll('*')]
      .filter((element) => element.scrollWidth > element.clientWidth)
      .filter((element) => element === document.documentElement || !isMeantToClip(element))
      .map((element) => `${element.outerHTML.slice(0, 120)}: ${element.scrollWidth} in ${element.clientWidth}`);
  });
}
