import { expect, test } from './support/fixtures.ts';

test('an image of 100 GiB with all its metadata opens, is checked and mapped as fast as a small one', async ({
  page,
  workbench,
  desktop,
  qemu,
}) => {
  // Sparse on the disk: 1.6 million clusters that take 13 MiB.
  const path = qemu.create('large.qcow2', '100G', 'preallocation=metadata');
  await workbench.open();
  await desktop.drop([path]);
  await expect(workbench.title).toContainText('large.qcow2');
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await expect(page.getByText('100 GiB').first()).toBeVisible();
  await workbench.tab('Map').click();
  await expect(page.getByText(/1[\s,.]?638[\s,.]?\d{3} clusters/)).toBeVisible();
  await workbench.tab('Check & repair').click();
  await expect(workbench.checkOutput).toContainText('No errors were found on the image.');
  await expect(workbench.checkOutput).toContainText('1638400/1638400 = 100.00% allocated');
});
