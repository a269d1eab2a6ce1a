import { join } from 'node:path';
import { qemuImg } from '../test/tools/qemu.ts';
import { expect, test } from './support/fixtures.ts';
import { needsQemu } from './support/images.ts';

test('a repair is shown as steps, applied in part, taken back, and applied', async ({ page, workbench, folder }) => {
  needsQemu();
  await workbench.open();
  await workbench.button('Dirty after a crash').click();
  await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);
  await workbench.planRepair();
  const steps = page.getByRole('list', { name: 'Steps' }).getByRole('listitem');
  expect(await steps.count()).toBeGreaterThan(1);
  await expect(page.getByText('nothing has been written yet')).toBeVisible();

  await workbench.button('Apply step 1').click();
  await expect(workbench.button('Apply step 2')).toBeVisible();
  await workbench.button('Apply the rest').click();
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await workbench.button('Undo the repair').click();
  await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);

  await workbench.repairAll();
  await expect(workbench.verdict).toContainText(/sound|clean/i);
  await expect(workbench.checkOutput).toContainText('No errors were found on the image.');

  await workbench.goTo('Library');
  const path = join(folder, 'repaired.qcow2');
  await workbench.download(() => workbench.chooseAction('dirty-after-crash.qcow2', 'Download'), path);
  expect(qemuImg('check', path)).toMatchObject({ code: 0 });
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('everything that can be done with a plan is on the screen', async ({ workbench }) => {
    await workbench.open();
    await workbench.button('Dirty after a crash').click();
    await workbench.planRepair();
    for (const name of ['Drop the plan', 'Apply step 1', 'Apply all']) {
      await expect(workbench.button(name)).toBeInViewport({ ratio: 1 });
    }
  });
});

for (const sample of ['Leaked clusters', 'Cross-linked clusters', 'With snapshots', 'Compressed', 'Version 2']) {
  test(`the sample “${sample}” means the same to qemu-img`, async ({ page, workbench, folder }) => {
    needsQemu();
    await workbench.open();
    await workbench.button(sample).click();
    await workbench.tab('Check & repair').click();
    const said = await workbench.checkOutput.innerText();
    const name = (await page.title()).split(' · ')[0]!;
    await workbench.goTo('Library');
    const path = join(folder, name);
    await workbench.download(() => workbench.chooseAction(name, 'Download'), path);
    const { stdout, stderr } = qemuImg('check', path);
    expect(said.trim()).toBe((stderr + stdout).trim());
  });
}
