import { expect, test, type Page } from './support/fixtures.ts';
import { SCREENS } from './support/screens.ts';

for (const { name, settings } of SCREENS.filter(({ name }) => name.endsWith('light'))) {
  test.describe(name, () => {
    test.use(settings);

    test('an error that stays lies over nothing that can be used', async ({ page, workbench }) => {
      await workbench.open();
      await page.getByRole('button', { name: /Version 2/i }).click();
      await workbench.tab('Structure').click();
      await page.evaluate(() => {
        navigator.clipboard.writeText = () => Promise.reject(new DOMException('Denied.', 'NotAllowedError'));
      });
      await page.getByRole('button', { name: /^Copy magic/ }).click();
      await page.getByRole('menuitem', { name: 'Copy as hex' }).click();
      const error = page.getByRole('region', { name: 'Errors' }).getByRole('alert');
      await expect(error).toContainText('Nothing was copied: the browser did not allow it. Denied.');

      await workbench.tab('Guest disk').click();
      await page.getByLabel('Bytes to write').fill('over');
      expect(await coveredControls(page)).toEqual([]);
      await page.screenshot({ path: `test-results/screenshots/error-${name}.png` });
      await workbench.button('Write 4 bytes at 0x0').click();
      await expect(page.getByLabel('Bytes to write')).toBeVisible();
      await expect(error).toBeVisible();

      await error.getByRole('button', { name: 'Dismiss' }).click();
      await expect(error).toBeHidden();
    });
  });
}

/** Controls on the screen whose middle belongs to something else. */
function coveredControls(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main button, main input, main select, nav a')]
      .filter((control) => {
        const { left, top, width, height } = control.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        return width > 0 && hit !== null && !control.contains(hit) && hit.closest('[role=region]') !== null;
      })
      .map((control) => control.outerHTML.slice(0, 100)),
  );
}
