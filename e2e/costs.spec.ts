import { expect, test, type Page } from './support/fixtures.ts';
import { Lab } from './support/lab.ts';

test('lazy against eager: side by side, and the table for every cache mode', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('See a crash in 60 seconds').click();
  await expect(new Lab(page).handle.first()).toBeVisible();
  const table = page.getByRole('region', { name: 'Cost table' });
  await expect(table.getByRole('rowheader')).toHaveText(['writeback', 'none', 'writethrough', 'directsync', 'unsafe']);
  for (const cacheMode of ['writeback', 'none', 'writethrough', 'directsync']) {
    const { eager, lazy } = await costOf(page, cacheMode);
    expect(lazy.flushes, `${cacheMode}: flushes`).toBeLessThan(eager.flushes);
  }
  const unsafe = await costOf(page, 'unsafe');
  expect([unsafe.eager.flushes, unsafe.lazy.flushes]).toEqual([0, 0]);
  await expect(page.getByRole('figure').filter({ hasText: 'Lazy refcounts off' })).toBeVisible();
  await expect(page.getByRole('figure').filter({ hasText: 'Lazy refcounts on' })).toBeVisible();
});

test('the estimate follows the latencies of the disk', async ({ page, workbench }) => {
  await workbench.open('/#/lab');
  const times = async () => (await costOf(page, 'writethrough')).eager.time;
  const before = await times();
  await page.getByRole('slider', { name: /A flush takes/ }).press('End');
  expect(await times()).not.toBe(before);
});

async function costOf(page: Page, cacheMode: string) {
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: cacheMode, exact: true }) });
  const cells = await row.getByRole('cell').allInnerTexts();
  const side = (from: number) => ({
    writes: Number(cells[from]),
    flushes: Number(cells[from + 1]),
    time: cells[from + 3],
  });
  return { eager: side(0), lazy: side(4) };
}
