import { expect, test, type Page } from './support/fixtures.ts';
import type { Workbench } from './support/workbench.ts';

const COUNT = 150;

/** Many copies of one image, without making each by hand. */
async function fill(page: Page, workbench: Workbench): Promise<void> {
  await workbench.open();
  await workbench.createImage('seed.qcow2', '1G');
  await page.evaluate(async (count) => {
    const images = await (await navigator.storage.getDirectory()).getDirectoryHandle('images');
    const seed = await (await images.getFileHandle('seed.qcow2')).getFile();
    for (let index = 1; index < count; index++) {
      const name = `disk-${String(index).padStart(3, '0')}.qcow2`;
      const file = await (await images.getFileHandle(name, { create: true })).createWritable();
      await file.write(await seed.arrayBuffer());
      await file.close();
    }
  }, COUNT);
  await page.reload();
  await workbench.goTo('Library');
}

test('a long list has all its images, although only those near what is seen are in the page', async ({
  page,
  workbench,
}) => {
  test.setTimeout(120_000);
  await fill(page, workbench);
  const table = page.getByRole('table', { name: 'Images' });
  await expect(table).toHaveAttribute('aria-rowcount', String(COUNT + 1));
  await page.getByRole('button', { name: 'Name' }).click();
  await expect(workbench.row('disk-001.qcow2')).toContainText('clean');
  await expect(workbench.row('disk-001.qcow2')).toHaveAttribute('aria-rowindex', '2');
  await expect(workbench.row('seed.qcow2')).toHaveCount(0);

  await test.step('the keyboard goes through all of it', async () => {
    await page.getByRole('link', { name: 'disk-001.qcow2' }).focus();
    // A row is a link and a menu.
    for (let row = 1; row < 100; row++) {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
    }
    await expect(page.getByRole('link', { name: 'disk-100.qcow2' })).toBeFocused();
    await expect(page.getByRole('link', { name: 'disk-100.qcow2' })).toBeInViewport();
  });

  await test.step('scrolling finds the last', async () => {
    await page.getByRole('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
    await expect(workbench.row('seed.qcow2')).toHaveAttribute('aria-rowindex', String(COUNT + 1));
  });

  await test.step('what has the focus stays, wherever the wheel goes', async () => {
    await page.getByRole('link', { name: 'seed.qcow2' }).focus();
    await page.getByRole('main').evaluate((main) => main.scrollTo(0, 0));
    await expect(workbench.row('disk-001.qcow2')).toBeInViewport();
    await expect(page.getByRole('link', { name: 'seed.qcow2' })).toBeFocused();
  });

  await test.step('the filter finds what is out of sight', async () => {
    await page.getByRole('searchbox', { name: 'Filter images' }).fill('disk-14');
    await expect(table.getByRole('link')).toHaveCount(10);
    await expect(table).toHaveAttribute('aria-rowcount', '11');
  });
});

test('the keyboard stays where an image was deleted, and where that was undone', async ({ page, workbench }) => {
  await workbench.open();
  for (const name of ['c.qcow2', 'b.qcow2', 'a.qcow2']) {
    await workbench.createImage(name, '1M');
    await workbench.goTo('Library');
  }
  await page.getByRole('button', { name: 'Name' }).click();
  const menu = (name: string) => workbench.button(`Actions for ${name}`);
  const remove = async (name: string) => {
    await menu(name).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitem', { name: 'Check' })).toBeFocused();
    await page.keyboard.press('End');
    await expect(page.getByRole('menuitem', { name: 'Delete' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(workbench.row(name)).toHaveCount(0);
  };

  await remove('b.qcow2');
  await expect(menu('c.qcow2')).toBeFocused();
  await page.getByRole('button', { name: 'Undo' }).focus();
  await page.keyboard.press('Enter');
  await expect(workbench.row('b.qcow2')).toBeVisible();
  await expect(menu('c.qcow2')).toBeFocused();

  await remove('c.qcow2');
  await expect(menu('b.qcow2')).toBeFocused();
  await remove('b.qcow2');
  await expect(menu('a.qcow2')).toBeFocused();
  await remove('a.qcow2');
  await expect(page.getByRole('main')).toBeFocused();
});
