import { readFileSync } from 'node:fs';
import { qemuImg, qemuIo } from '../test/tools/qemu.ts';
import { expect, test } from './support/fixtures.ts';

test('a repair of a local file waits beside it, survives a reload, and is saved once', async ({
  page,
  workbench,
  desktop,
  qemu,
}) => {
  const path = qemu.killed('killed.qcow2');
  const before = readFileSync(path);
  await workbench.open();
  await desktop.drop([path]);
  await workbench.repairAll();
  await expect(page.getByText(/\d+ changes? kept apart from the file/)).toBeVisible();
  expect(readFileSync(path).equals(before), 'the file is untouched').toBe(true);

  await page.reload();
  await expect(page.getByText(/\d+ changes? kept apart from the file/)).toBeVisible();
  await workbench.tab('Overview').click();
  await expect(workbench.verdict).toContainText(/sound|clean/i);

  await workbench.button('Save…').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/kept apart from the file/)).toBeHidden();
  expect(qemuImg('check', path)).toMatchObject({ code: 0 });
  expect(qemuIo(path, ['read -P 0x5a 0 2M']).stdout).not.toContain('Pattern verification failed');
});

test('changes can be thrown away', async ({ page, workbench, desktop, qemu }) => {
  const path = qemu.killed('killed.qcow2');
  await workbench.open();
  await desktop.drop([path]);
  await workbench.repairAll();
  await workbench.button('Discard…').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByText(/kept apart from the file/)).toBeHidden();
  await workbench.tab('Overview').click();
  await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);
});
