import { expect, test, type Page } from './support/fixtures.ts';
import { Lab } from './support/lab.ts';

// A whole visit without a pointer.
test('creates an image, looks at it, and crashes one, by keys alone', async ({ page, workbench }) => {
  await workbench.open();
  await tabTo(page, 'Create an image');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New image' });
  await expect(dialog.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('keys.qcow2');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('1G');
  await page.keyboard.press('Enter');
  await expect(workbench.title).toContainText('keys.qcow2');

  await tabTo(page, 'Overview');
  await page.keyboard.press('ArrowRight');
  await expect(workbench.tab('Map')).toHaveAttribute('aria-selected', 'true');

  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog');
  await expect(palette).toBeVisible();
  await page.keyboard.type('library');
  await page.keyboard.press('Enter');
  await expect(workbench.title).toHaveText('Library');
  await expect(palette).toBeHidden();

  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Ctrl');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();

  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Filter images' })).toBeFocused();
  await page.keyboard.type('nothing like it');
  await expect(workbench.row('keys.qcow2')).toHaveCount(0);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(workbench.row('keys.qcow2')).toBeVisible();
  await page.keyboard.press('Tab');

  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await expect(workbench.title).toHaveText('Crash lab');
  const lab = new Lab(page);
  await expect(lab.handle).toBeVisible();
  await tabTo(page, /Position in the recording/);
  for (let step = 0; step < 4; step++) await page.keyboard.press(',');
  await page.keyboard.press('x');
  await lab.expectCut();
  await page.keyboard.press('r');
  await expect(page.getByRole('button', { name: /^Pull the plug/ })).toBeVisible();
  await tabTo(page, /Position in the recording/);
  await page.keyboard.press('End');
  await expect(lab.verdict).toContainText('dirty bit clear');
});

test('a repair is taken step by step, and the keyboard keeps its place', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('Dirty after a crash').click();
  await workbench.tab('Check & repair').click();
  await tabTo(page, 'Check again');
  await page.keyboard.press('Enter');
  await expect(workbench.checkOutput).toBeVisible();
  await expect(workbench.button('Check again')).toBeFocused();
  await tabTo(page, 'Plan the repair');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Steps' })).toBeVisible();
  // The button is gone, and the focus is with what came of it.
  await expect(page.locator(':focus').getByRole('list', { name: 'Steps' })).toBeVisible();
  await tabTo(page, 'Apply step 1');
  for (let step = 1; step <= 5; step++) {
    await expect(workbench.button(`Apply step ${step}`)).toBeFocused();
    await expect(workbench.button(`Apply step ${step}`)).toBeEnabled();
    await page.keyboard.press('Enter');
  }
  await expect(workbench.verdict).toContainText(/sound|clean/i);
});

test('back and forward lead through the places', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('Compressed').click();
  await workbench.tab('Structure').click();
  await workbench.goTo('Help');
  await page.goBack();
  await expect(workbench.tab('Structure')).toHaveAttribute('aria-selected', 'true');
  await page.goBack();
  await expect(workbench.tab('Overview')).toHaveAttribute('aria-selected', 'true');
  await page.goForward();
  await expect(workbench.tab('Structure')).toHaveAttribute('aria-selected', 'true');
});

/** Presses Tab until the thing with this name has the focus; what Tab cannot reach fails the test. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const target = page
    .locator(':focus')
    .and(page.getByRole('button', { name }).or(page.getByRole('tab', { name })).or(page.getByRole('slider', { name })));
  for (let presses = 0; presses < 80; presses++) {
    if ((await target.count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${name}`);
}
