import { expect, test, type Page } from './support/fixtures.ts';
import { SCREENS, TABLET } from './support/screens.ts';

test('lazy against eager: side by side, and the table for every cache mode', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('See a crash in 60 seconds').click();
  const table = page.getByRole('region', { name: 'Cost table' });
  await expect(table.getByRole('rowheader')).toHaveText(
    ['writeback', 'none', 'writethrough', 'directsync', 'unsafe'].flatMap((mode) => [mode, 'off', 'on']),
  );
  // Each durable write costs an eager image one flush more; a lazy one pays once, for setting and clearing the dirty bit.
  for (let more = 0; more < 3; more++) await workbench.button('+ Write').click();
  // The table is measured anew after each change; what stands there meanwhile is of the workload before.
  await expect(async () => {
    for (const cacheMode of ['writethrough', 'directsync']) {
      const { eager, lazy } = await costOf(page, cacheMode);
      expect(lazy.flushes, `${cacheMode}: flushes`).toBeLessThan(eager.flushes);
    }
    const unsafe = await costOf(page, 'unsafe');
    expect([unsafe.eager.flushes, unsafe.lazy.flushes]).toEqual([0, 0]);

    const { eager, lazy } = await costOf(page, 'writeback');
    const words = ({ writes, flushes }: typeof eager) => `${writes} writes · ${flushes} flushes`;
    const side = (name: string) => page.getByRole('figure').filter({ hasText: name });
    await expect(side('Lazy refcounts off')).toContainText(words(eager), { timeout: 1000 });
    await expect(side('Lazy refcounts on')).toContainText(words(lazy), { timeout: 1000 });
  }).toPass({ timeout: 20_000 });
});

test('the estimate follows the latencies of the disk', async ({ page, workbench }) => {
  await workbench.open('/#/lab');
  const times = async () => (await costOf(page, 'writethrough')).eager.time;
  // The table stands there once it has been measured.
  await expect.poll(times).toBeTruthy();
  const before = await times();
  await page.getByRole('slider', { name: /A flush takes/ }).press('End');
  await expect.poll(times).not.toBe(before);
});

for (const { name, settings } of [TABLET, ...SCREENS.filter(({ name }) => name === 'phone-light')]) {
  test.describe(name, () => {
    test.use(settings);

    test('the table is there whole', async ({ page, workbench }) => {
      await workbench.open('/#/lab');
      const table = page.getByRole('region', { name: 'Cost table' });
      await expect(table.getByRole('cell').first()).not.toBeEmpty();
      await page.getByRole('slider', { name: /A write takes/ }).press('End');
      await page.getByRole('slider', { name: /A flush takes/ }).press('End');
      expect(await table.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
      await table.scrollIntoViewIfNeeded();
      await page.screenshot({ path: `test-results/screenshots/lab-costs-${name}.png` });
    });
  });
}

async function costOf(page: Page, cacheMode: string) {
  const header = page.getByRole('rowheader', { name: cacheMode, exact: true });
  const rows = page.getByRole('region', { name: 'Cost table' }).getByRole('rowgroup').filter({ has: header });
  const cells = await rows.getByRole('cell').allInnerTexts();
  const side = (from: number) => ({
    writes: Number(cells[from]),
    flushes: Number(cells[from + 1]),
    time: cells[from + 3],
  });
  // Between them stands their ratio.
  return { eager: side(0), lazy: side(5) };
}
