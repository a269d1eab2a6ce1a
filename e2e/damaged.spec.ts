import { readFileSync } from 'node:fs';
import { qemuImg } from '../test/tools/qemu.ts';
import { expect, test } from './support/fixtures.ts';

test('a file that is no qcow2 image is named by what it is', async ({ workbench, desktop, qemu }) => {
  await workbench.open();
  await desktop.drop([qemu.windowsProgram('setup.qcow2')]);
  await expect(workbench.verdict).toContainText('This is not a qcow2 image: it starts with 4d 5a, a Windows program');
  await expect(workbench.verdict).toContainText('Nothing was changed');
});

test('cross-linked clusters: the check names both guests, the repair is shown before it is applied', async ({
  page,
  workbench,
  desktop,
  qemu,
}) => {
  const path = qemu.crossLinked('crossed.qcow2');
  const before = readFileSync(path);
  await workbench.open();
  await desktop.drop([path]);
  await expect(workbench.title).toContainText('crossed.qcow2');
  await workbench.tab('Check & repair').click();
  const { stdout, stderr } = qemuImg('check', path);
  await expect(workbench.checkOutput).toHaveText(stderr + stdout);
  await expect(workbench.verdict).toContainText(/share cluster/i);
  await workbench.planRepair();
  await expect(page.getByText('nothing has been written yet')).toBeVisible();
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('an image that was cut short is looked at all the same', async ({ page, workbench, desktop, qemu }) => {
  const path = qemu.cutShort('short.qcow2');
  const { stdout, stderr } = qemuImg('check', path);
  await workbench.open();
  await desktop.drop([path]);
  await workbench.tab('Check & repair').click();
  await expect(workbench.checkOutput).toHaveText(stderr + stdout);
  await workbench.tab('Structure').click();
  await expect(page.getByText('Header', { exact: true }).first()).toBeVisible();
});
