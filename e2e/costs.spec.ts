import { expect, test, type Page } from './support/fixtures.ts';

test('lazy against eager: side by side, and the table for every cache mode', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('See a crash in 60 seconds').click();
  const table = page.getByRole('region', { name: 'Cost table' });
  await expect(table.getByRole('rowheader')).toHaveText(['writeback', 'none', 'writethrough', 'directsync', 'unsafe']);
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
