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
