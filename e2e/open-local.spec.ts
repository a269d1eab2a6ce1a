import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test, type Page } from './support/fixtures.ts';
import type { QemuImages } from './support/images.ts';
import type { Workbench } from './support/workbench.ts';

test.describe('an image that real QEMU made', () => {
  test('opens by drag and drop', async ({ page, workbench, desktop, qemu }) => {
    await workbench.open();
    const path = makeImage(qemu);
    await desktop.dragOver([path]);
    await expect(page.getByText('Drop to open')).toBeVisible();
    await desktop.drop([path]);
    await expectImage(page, workbench, path);
  });

  test('is dropped with its folder, which is not opened', async ({ page, workbench, desktop, folder, qemu }) => {
    await workbench.open();
    const images = join(folder, 'images');
    mkdirSync(images);
    await desktop.drop([images]);
    await expect(page.getByRole('status').filter({ hasText: 'Folders are not opened.' })).toBeVisible();
    const path = makeImage(qemu);
    await desktop.drop([images, path]);
    await expectImage(page, workbench, path);
  });

  test('opens by the button', async ({ page, workbench, desktop, qemu }) => {
    await workbench.open();
    const path = makeImage(qemu);
    await desktop.choose([path]);
    await workbench.button('Open a file').click();
    await expectImage(page, workbench, path);
  });

  test('opens by a double click in the installed application', async ({ page, workbench, desktop, qemu }) => {
    await workbench.open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    const application = await desktop.install();
    const path = makeImage(qemu);
    await desktop.openWith(application, [path]);
    await expectImage(page, workbench, path);
  });

  test('opens where the browser gives no handle', async ({ page, workbench, qemu }) => {
    await workbench.open();
    const path = makeImage(qemu);
    await page.evaluate(() => Object.assign(window, { showOpenFilePicker: undefined }));
    const chooser = page.waitForEvent('filechooser');
    await workbench.button('Open a file').click();
    await (await chooser).setFiles(path);
    await expectImage(page, workbench, path);
  });

  test('is found again after a reload', async ({ page, workbench, desktop, qemu }) => {
    await workbench.open();
    const path = makeImage(qemu);
    await desktop.drop([path]);
    await expectImage(page, workbench, path);
    await page.reload();
    await expectImage(page, workbench, path);
  });
});

test('a dirty image says so in words, and nothing is written to the file', async ({ workbench, desktop, qemu }) => {
  await workbench.open();
  const path = qemu.killed('killed.qcow2');
  const before = readFileSync(path);
  await desktop.drop([path]);
  await expect(workbench.verdict).toContainText(
    /dirty: closed in the middle of writing.*32 refcounts are behind.*no guest data is at risk/is,
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});

function makeImage(qemu: QemuImages): string {
  return qemu.create('real.qcow2', '64M', 'compat=1.1', 'write -P 0x41 0 300k', 'write -P 0x42 20M 64k');
}

async function expectImage(page: Page, workbench: Workbench, path: string): Promise<void> {
  await expect(workbench.title).toContainText(basename(path));
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await expect(page.getByText('64 MiB').first()).toBeVisible();
}
