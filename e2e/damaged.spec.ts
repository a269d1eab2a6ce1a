import { readFileSync } from 'node:fs';
import { qemuImg } from '../test/tools/qemu.ts';
import { expect, test } from './support/fixtures.ts';
import { expectFit } from './support/screens.ts';
import { Shell } from './support/shell.ts';

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

test('a header that no program opens: the field is named, its bytes are shown, and it can be set', async ({
  page,
  workbench,
  desktop,
  qemu,
}) => {
  const path = qemu.wrongL1Offset('lost.qcow2');
  const before = readFileSync(path);
  await workbench.open();
  await desktop.drop([path]);
  await expect(workbench.verdict).toContainText('Active L1 table offset invalid');
  await expect(workbench.verdict).toContainText('l1TableOffset at 0x28 is 0x30001');
  await expect(page.getByRole('row', { name: /l1TableOffset/ })).toContainText('refused');
  await expect(page.getByRole('region', { name: 'Output of qemu-img info' })).toHaveText(
    qemuImg('info', path).stderr.replace(path, 'lost.qcow2'),
  );
  await expectFit(page, 'image-refused');

  for (const tab of ['Map', 'Guest disk', 'Check & repair'] as const) {
    await workbench.tab(tab).click();
    await expect(workbench.verdict).toContainText('Active L1 table offset invalid');
  }
  await workbench.button('Look at the bytes').click();
  const fields = page.getByRole('complementary', { name: 'Fields' });
  await expect(fields.getByRole('heading')).toHaveText('l1TableOffset');
  await expect(fields).toContainText('Active L1 table offset invalid');
  await expect(page.getByRole('treeitem', { name: /L1 table/ })).toBeVisible();
  await expectFit(page, 'image-refused-structure');

  await workbench.tab('Overview').click();
  await workbench.button('Set the field…').click();
  const shell = new Shell(page);
  await shell.line.press('End');
  await shell.line.pressSequentially('0x30000');
  await shell.line.press('Enter');
  await workbench.goTo('Image');
  await expect(workbench.verdict).toContainText('Clean.');
  await expect(page.getByText('1 change', { exact: false }).first()).toBeVisible();
  expect(readFileSync(path).equals(before)).toBe(true);
});
