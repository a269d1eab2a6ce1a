import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { expectFit, SCREENS } from './support/screens.ts';
import { Shell } from './support/shell.ts';
import type { Workbench } from './support/workbench.ts';

const PASSPHRASE = 'correct horse';
const SECRET = `--object 'secret,id=s,data=${PASSPHRASE}'`;
const NODE = 'driver=qcow2,encrypt.key-secret=s,file.filename=secret.qcow2';

// QEMU measures how fast the processor derives keys, which takes it a while.
test.setTimeout(120_000);

function unlockDialog(page: Page): Locator {
  return page.getByRole('dialog', { name: /^Unlock/ });
}

async function unlock(page: Page, passphrase: string): Promise<void> {
  await unlockDialog(page).getByLabel('Passphrase').fill(passphrase);
  await page.keyboard.press('Enter');
}

async function expectLocked(workbench: Workbench): Promise<void> {
  await workbench.tab('Guest disk').click();
  await expect(workbench.button('Enter the passphrase…')).toBeVisible();
}

test('a LUKS image of real QEMU opens with its passphrase, is read and written, and locked again', async ({
  page,
  workbench,
  desktop,
  qemu,
}) => {
  const path = qemu.encrypted('secret.qcow2', 'luks', PASSPHRASE, 'write -P 0x41 0 64k');
  await workbench.open();
  await desktop.drop([path]);

  // What needs no key is there without it.
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await expect(page.getByRole('region', { name: 'Output of qemu-img info' })).toContainText('encrypted: yes');
  await workbench.tab('Map').click();
  await expect(page.getByRole('img', { name: /guest’s disk/ })).toBeVisible();
  await expect(page.getByRole('alert')).toBeHidden();

  await expectLocked(workbench);
  await workbench.button('Enter the passphrase…').click();
  await unlock(page, 'wrong');
  await expect(unlockDialog(page).getByRole('alert')).toContainText('opens no key slot');
  await unlock(page, PASSPHRASE);
  await expect(unlockDialog(page)).toBeHidden();
  const bytes = page.getByRole('grid', { name: 'Bytes' });
  await expect(bytes).toContainText('AAAAAAAAAAAAAAAA');

  await page.getByLabel('Bytes to write').fill('written in the page');
  await workbench.button('Write 19 bytes at 0x0').click();
  await expect(bytes).toContainText('written in the p');
  await expect(page.getByText(/changes? kept apart from the file/)).toBeVisible();

  await workbench.tab('Overview').click();
  await workbench.button('Lock').click();
  await expectLocked(workbench);

  // Saved, it is an image that QEMU reads with the same passphrase.
  await workbench.button('Save…').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(/kept apart from the file/)).toBeHidden();
  expect(qemu.readEncrypted(path, 'luks', PASSPHRASE, 0, 19)).toBe('written in the page');
});

test('an image is made encrypted, and real QEMU reads it with the same passphrase', async ({
  page,
  workbench,
  qemu,
  folder,
}) => {
  await workbench.open();
  await workbench.button('Create an image').click();
  const dialog = page.getByRole('dialog', { name: 'New image' });
  await dialog.getByLabel('Name', { exact: true }).fill('made.qcow2');
  await dialog.getByLabel('Size', { exact: true }).fill('4M');
  await dialog.getByText('More options').click();
  await dialog.getByLabel('Encryption').check();
  await expect(dialog.getByRole('button', { name: 'Create', exact: true })).toBeDisabled();
  await dialog.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await dialog.getByLabel('Passphrase again').fill('something else');
  await expect(dialog.getByRole('alert')).toContainText('The two differ.');
  await dialog.getByLabel('Passphrase again').fill(PASSPHRASE);
  await dialog.getByLabel('Passphrase again').scrollIntoViewIfNeeded();
  await expectFit(page, 'new-image-encrypted');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(workbench.title).toContainText('made.qcow2');

  await expectLocked(workbench);
  await workbench.button('Enter the passphrase…').click();
  await unlock(page, PASSPHRASE);
  await page.getByLabel('Bytes to write').fill('made in the page');
  await workbench.button('Write 16 bytes at 0x0').click();
  await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('made in the page');
  await workbench.goTo('Library');
  const path = join(folder, 'made.qcow2');
  await workbench.download(() => workbench.chooseAction('made.qcow2', 'Download'), path);
  expect(qemu.readEncrypted(path, 'luks', PASSPHRASE, 0, 16)).toBe('made in the page');
});

test('nothing of a passphrase outlives the page', async ({ page, workbench, desktop, qemu }) => {
  const path = qemu.encrypted('secret.qcow2', 'aes', PASSPHRASE, 'write -P 0x41 0 64k');
  await workbench.open();
  await desktop.drop([path]);
  await expectLocked(workbench);
  await workbench.button('Enter the passphrase…').click();
  await expect(unlockDialog(page)).toContainText('looks like noise');
  await unlock(page, PASSPHRASE);
  await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('AAAAAAAAAAAAAAAA');
  await page.reload();
  await expect(workbench.button('Enter the passphrase…')).toBeVisible();
});

test('the derivation of a key can be left', async ({ page, workbench, desktop, qemu }) => {
  const path = qemu.slowToUnlock('slow.qcow2', PASSPHRASE);
  await workbench.open();
  await desktop.drop([path]);
  await expectLocked(workbench);
  await workbench.button('Enter the passphrase…').click();
  await unlock(page, PASSPHRASE);
  await expect(page.getByRole('progressbar', { name: 'Deriving the key' })).toBeVisible();
  await unlockDialog(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(unlockDialog(page)).toBeHidden();
  await expectLocked(workbench);
});

test('the console reads an encrypted image with a secret', async ({ page, workbench, desktop, qemu }) => {
  const path = qemu.encrypted('secret.qcow2', 'luks', PASSPHRASE, 'write -P 0x41 0 64k');
  await workbench.open();
  await desktop.drop([path]);
  await expect(workbench.title).toContainText('secret.qcow2');
  const shell = new Shell(page);
  await workbench.goTo('Console');
  await shell.run(`qemu-io ${SECRET} --image-opts ${NODE} -c 'read -P 0x41 0 64k'`);
  await expect(shell.screen).toContainText('read 65536/65536 bytes at offset 0');
});

for (const { name, settings } of SCREENS) {
  test.describe(name, () => {
    test.use(settings);

    test('the views of an encrypted image fit', async ({ page, workbench }) => {
      const shell = new Shell(page);
      await shell.open(workbench);
      const options = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10';
      await shell.run(`qemu-img create -q -f qcow2 ${SECRET} -o ${options} secret.qcow2 4M`);
      await shell.run(`qemu-io ${SECRET} --image-opts ${NODE} -c 'write -P 0x41 0 64k'`);
      await workbench.goTo('Library');
      await page.getByRole('link', { name: 'secret.qcow2' }).click();
      await expect(workbench.verdict).toContainText(/sound|clean/i);
      await expectFit(page, `encrypted-overview-${name}`);
      await expectLocked(workbench);
      await expectFit(page, `encrypted-locked-${name}`);
      await workbench.button('Enter the passphrase…').click();
      await unlock(page, 'wrong');
      await expect(unlockDialog(page).getByRole('alert')).toBeVisible();
      await expectFit(page, `encrypted-wrong-${name}`);
      await unlock(page, PASSPHRASE);
      await expect(page.getByRole('grid', { name: 'Bytes' })).toContainText('AAAAAAAA');
      await expectFit(page, `guest-disk-${name}`);
    });
  });
}
