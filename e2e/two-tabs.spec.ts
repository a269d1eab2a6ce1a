import { expect, test } from './support/fixtures.ts';
import { Shell } from './support/shell.ts';
import { Workbench } from './support/workbench.ts';

test('what one tab changes the other shows', async ({ page, context, workbench }) => {
  await workbench.open();
  await workbench.createImage('shared.qcow2', '64M');
  const other = new Workbench(await context.newPage());
  await other.open();
  await other.page.getByRole('link', { name: 'shared.qcow2' }).click();
  await other.tab('Guest disk').click();
  const bytes = other.page.getByRole('grid', { name: 'Bytes' });
  await expect(bytes).toContainText('................');

  await workbench.tab('Guest disk').click();
  await page.getByLabel('Bytes to write').fill('by the first tab');
  await workbench.button('Write 16 bytes at 0x0').click();
  await expect(bytes).toContainText('by the first tab');

  await workbench.goTo('Console');
  const shell = new Shell(page);
  await shell.run("qemu-io -c 'write -P 0x41 0 512' shared.qcow2");
  await expect(bytes).toContainText('AAAAAAAAAAAAAAAA');

  await workbench.goTo('Library');
  await workbench.chooseAction('shared.qcow2', 'Delete');
  await expect(other.page.getByText('There is no such image any more.')).toBeVisible();
  await expect(other.tab('Guest disk')).toBeHidden();

  await workbench.button('Undo').click();
  await expect(other.tab('Guest disk')).toBeVisible();
  await expect(other.page.getByRole('grid', { name: 'Bytes' })).toContainText('AAAAAAAAAAAAAAAA');
});

test('a menu stays open while another tab changes the order of the list', async ({ page, context, workbench }) => {
  await workbench.open();
  for (const name of ['c.qcow2', 'b.qcow2', 'a.qcow2']) {
    await workbench.createImage(name, '1M');
    await workbench.goTo('Library');
  }
  const names = page.getByRole('table', { name: 'Images' }).getByRole('link');
  await expect(names).toHaveText(['a.qcow2', 'b.qcow2', 'c.qcow2']);
  await workbench.button('Actions for b.qcow2').click();
  const rename = page.getByRole('menuitem', { name: 'Rename…' });
  await expect(rename).toBeVisible();

  const other = new Workbench(await context.newPage());
  for (const name of ['b.qcow2', 'c.qcow2']) {
    await other.open();
    await other.page.getByRole('link', { name }).click();
    await expect(other.verdict).toBeVisible();
  }
  await other.goTo('Library');
  await expect(other.page.getByRole('table', { name: 'Images' }).getByRole('link').first()).toHaveText('c.qcow2');
  await other.chooseAction('b.qcow2', 'Duplicate');

  await expect(names).toHaveText(['b 2.qcow2', 'a.qcow2', 'b.qcow2', 'c.qcow2']);
  await expect(rename).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox', { name: 'Filter images' }).focus();
  await expect(names).toHaveText(['b 2.qcow2', 'c.qcow2', 'b.qcow2', 'a.qcow2']);
});
