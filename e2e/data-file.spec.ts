import { readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from './support/fixtures.ts';
import { expectFit, SCREENS } from './support/screens.ts';

test('an image opens with the data file of its name in the library', async ({ page, workbench, desktop, qemu }) => {
  const { image, data } = qemu.withDataFile('a.qcow2', 'a.raw', 'write -P 0x41 64k 64k');
  await workbench.open();
  await desktop.drop([data]);
  await expect(workbench.title).toContainText('a.raw');
  await desktop.drop([image]);
  await expect(workbench.title).toContainText('a.qcow2');
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await workbench.tab('Guest disk').click();
  await page.getByLabel('Go to offset').fill('0x10000');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('AAAAAAAAAAAAAAAA');
  await page.getByLabel('Bytes to write').fill('in the data file');
  await workbench.button('Write 16 bytes at 0x10000').click();
  await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('in the data file');

  // The change is one of the data file, and kept apart from it.
  expect(readFileSync(data).includes('in the data file')).toBe(false);
  await workbench.tab('Overview').click();
  await page.getByRole('region', { name: 'External data file' }).getByRole('link', { name: 'open' }).click();
  await expect(workbench.title).toContainText('a.raw');
});

test('where the data file is not here, the page says which one is wanted', async ({
  page,
  workbench,
  desktop,
  qemu,
}) => {
  const { image, data } = qemu.withDataFile('a.qcow2', 'a.raw', 'write -P 0x41 0 64k');
  await workbench.open();
  await desktop.drop([image]);
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await workbench.tab('Map').click();
  await expect(page.getByText(/header/i).first()).toBeVisible();
  await workbench.tab('Guest disk').click();
  const panel = page.getByRole('region', { name: 'External data file' });
  await expect(panel).toContainText('Open a.raw beside it, or say which file it is.');
  // Opened beside it, it is found by its name.
  await desktop.drop([data]);
  await expect(workbench.title).toContainText('a.raw');
  await page.goBack();
  await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('AAAAAAAAAAAAAAAA');
});

test('a data file of another name is given to its image', async ({ page, workbench, desktop, qemu }) => {
  const { image, data } = qemu.withDataFile('a.qcow2', 'a.raw', 'write -P 0x41 0 64k');
  const moved = join(dirname(data), 'moved.raw');
  renameSync(data, moved);
  await workbench.open();
  await desktop.drop([image]);
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  const panel = page.getByRole('region', { name: 'External data file' });
  await desktop.choose([moved]);
  await panel.getByRole('button', { name: 'Choose the file…' }).click();
  await expect(panel).toContainText('given: moved.raw');
  await workbench.tab('Guest disk').click();
  await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('AAAAAAAAAAAAAAAA');
});

test('the console opens both', async ({ page, workbench, desktop, qemu }) => {
  const { image, data } = qemu.withDataFile('a.qcow2', 'a.raw', 'write -P 0x41 0 64k');
  await workbench.open();
  await desktop.drop([data]);
  await desktop.drop([image]);
  await expect(workbench.title).toContainText('a.qcow2');
  await workbench.goTo('Console');
  await page
    .getByRole('combobox', { name: /Command line/ })
    .fill("qemu-io -c 'read -P 0x41 0 64k' a.qcow2 && qemu-img check a.qcow2");
  await page.keyboard.press('Enter');
  const screen = page.getByRole('region', { name: 'Console' });
  await expect(screen).toContainText('read 65536/65536 bytes at offset 0');
  await expect(screen).toContainText('No errors were found on the image.');
});

for (const { name, settings } of SCREENS) {
  test.describe(name, () => {
    test.use(settings);

    test('the views of an image without its data file fit', async ({ page, workbench, desktop, qemu }) => {
      const { image } = qemu.withDataFile('a.qcow2', 'a.raw', 'write -P 0x41 0 64k');
      await workbench.open();
      await desktop.drop([image], { x: 200, y: 300 });
      await expect(workbench.verdict).toContainText(/sound|clean/i);
      await expectFit(page, `data-file-overview-${name}`);
      await workbench.tab('Guest disk').click();
      await expect(page.getByRole('region', { name: 'External data file' })).toBeVisible();
      await expectFit(page, `data-file-missing-${name}`);
    });
  });
}
