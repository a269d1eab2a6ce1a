import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './support/fixtures.ts';

test('creates a lazy-refcount image, byte for byte as qemu-img does', async ({ page, workbench, qemu, folder }) => {
  await workbench.open();
  await workbench.button('Create an image').click();
  const dialog = page.getByRole('dialog', { name: 'New image' });
  await dialog.getByLabel('Name', { exact: true }).fill('a.qcow2');
  await dialog.getByLabel('Size', { exact: true }).fill('10G');
  await dialog.getByLabel('Lazy refcounts').check();
  await expect(dialog).toContainText('qemu-img create -f qcow2 -o lazy_refcounts=on a.qcow2 10G');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();

  await expect(workbench.title).toContainText('a.qcow2');
  await expect(workbench.verdict).toContainText(/clean/i);

  await workbench.goTo('Library');
  await expect(workbench.row('a.qcow2')).toContainText('10 GiB');
  await expect(workbench.row('a.qcow2')).toContainText('lazy');
  const ours = join(folder, 'downloaded.qcow2');
  await workbench.download(() => workbench.chooseAction('a.qcow2', 'Download'), ours);
  const theirs = qemu.create('theirs.qcow2', '10G', 'compat=1.1,lazy_refcounts=on');
  expect(readFileSync(ours).equals(readFileSync(theirs))).toBe(true);
});

test('keeps images across a reload, renames, duplicates, and takes a deletion back', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.createImage('first.qcow2', '1M');
  await workbench.goTo('Library');

  await workbench.chooseAction('first.qcow2', 'Rename');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('second.qcow2');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(workbench.row('second.qcow2')).toBeVisible();
  await expect(workbench.row('first.qcow2')).toHaveCount(0);

  await workbench.chooseAction('second.qcow2', 'Duplicate');
  await expect(page.getByRole('link', { name: /second (copy|2)/ })).toBeVisible();

  await workbench.chooseAction('second.qcow2', 'Delete');
  await expect(workbench.row('second.qcow2')).toHaveCount(0);
  await workbench.button('Undo').click();
  await expect(workbench.row('second.qcow2')).toBeVisible();

  await page.reload();
  await expect(workbench.row('second.qcow2')).toBeVisible();
});

test('says what is wrong with a field beside it', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.createImage('taken.qcow2', '1M');
  await workbench.goTo('Library');
  await workbench.button('Create an image').click();
  const dialog = page.getByRole('dialog', { name: 'New image' });
  await dialog.getByLabel('Name', { exact: true }).fill('taken.qcow2');
  await dialog.getByLabel('Size', { exact: true }).fill('many');
  await expect(dialog.getByRole('alert')).toHaveCount(2);
  await expect(dialog.getByRole('button', { name: 'Create', exact: true })).toBeDisabled();
  // On a command line the taken name would be overwritten.
  await expect(dialog.getByRole('button', { name: 'Open in the console' })).toHaveCount(0);
});

test('a link to an image that is gone leads back to the library', async ({ page, workbench }) => {
  await workbench.open();
  await page.goto('/#/image/opfs%3Agone.qcow2/map');
  await expect(page.getByText('There is no such image any more.')).toBeVisible();
  await expect(page.getByRole('tablist', { name: 'Image' })).toHaveCount(0);
  await workbench.button('Back to the library').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Library' })).toBeVisible();
});

test('says at once, and once, why a name is refused', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('Create an image').click();
  const dialog = page.getByRole('dialog', { name: 'New image' });
  await dialog.getByLabel('Name', { exact: true }).fill('n'.repeat(256));
  await expect(dialog.getByText('A name cannot be longer than 255 bytes')).toHaveCount(1);
  await expect(dialog.getByRole('button', { name: 'Create', exact: true })).toBeDisabled();
});
