import { join } from 'node:path';
import { qemuImg, qemuIo } from '../test/tools/qemu.ts';
import { expect, test } from './support/fixtures.ts';
import { needsQemu } from './support/images.ts';
import { Lab } from './support/lab.ts';

test('a crash in 60 seconds: the power fails, the bytes are shown, the repair brings everything back', async ({
  page,
  workbench,
}) => {
  await workbench.open();
  await workbench.button('See a crash in 60 seconds').click();
  const lab = new Lab(page);
  await expect(workbench.title).toHaveText('Crash lab');
  await expect(lab.handle).toBeFocused();

  await lab.expectCut();
  await expect(lab.verdict).toContainText('dirty bit set');
  await expect(lab.verdict).toContainText(/Everything acknowledged is still there \(8 sectors\)/);
  await expect(page.getByRole('region', { name: 'Not yet flushed' }).getByRole('checkbox').first()).toBeEnabled();
  await lab.keep('all');
  await expect(lab.verdict).toContainText(/Closed in the middle of writing/);

  await lab.reopen();
  await lab.toTheEnd();
  await expect(lab.verdict).toContainText(/Repaired in \d+ writes? and \d+ flush/);
  await expect(lab.verdict).toContainText('dirty bit clear');
  await expect(lab.verdict).toContainText(/Everything acknowledged is still there \(8 sectors\)/);
  await expect(lab.guest).toContainText('acknowledged, there');
});

test('the handle moves by mouse and by keys, and the address remembers everything', async ({ page, workbench }) => {
  await workbench.open('/#/lab');
  const lab = new Lab(page);
  await lab.handle.focus();
  await page.keyboard.press('Home');
  await expect(lab.handle).toHaveAttribute('aria-valuenow', '0');
  await lab.stepTo(/last: write /);
  const moment = (await lab.handle.getAttribute('aria-valuenow'))!;
  await page.keyboard.press('x');
  await lab.expectCut();
  await lab.keep('none');
  await expect(lab.verdict).toContainText('dirty bit');
  const before = await lab.verdict.textContent();

  const box = (await lab.handle.boundingBox())!;
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.down();
  await page.mouse.move(box.x + 200, y, { steps: 5 });
  await page.mouse.up();
  await expect(lab.handle).not.toHaveAttribute('aria-valuenow', moment);
  await lab.handle.focus();
  while ((await lab.handle.getAttribute('aria-valuenow')) !== moment) await page.keyboard.press('ArrowLeft');
  await lab.keep('none');
  await expect(lab.verdict).toHaveText(before!);

  await expect(page).toHaveURL(new RegExp(`~${moment}\\.none`));
  await page.reload();
  await expect(lab.handle).toHaveAttribute('aria-valuenow', moment);
  await expect(lab.verdict).toHaveText(before!);
});

test('a second crash inside the repair is repaired as well', async ({ page, workbench }) => {
  await workbench.open();
  await workbench.button('See a crash in 60 seconds').click();
  const lab = new Lab(page);
  await lab.expectCut();
  await lab.keep('all');
  await lab.reopen();
  await lab.toTheEnd();
  await lab.handle.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await lab.pullPlug();
  await lab.reopen();
  await lab.toTheEnd();
  await expect(lab.verdict).toContainText(/sound again|Opened at once/);
  await expect(lab.verdict).toContainText(/Everything acknowledged is still there/);
});

test('a crash state that leaves the page means the same to qemu-img', async ({ page, workbench, folder }) => {
  needsQemu();
  await workbench.open();
  await workbench.button('See a crash in 60 seconds').click();
  const lab = new Lab(page);
  await lab.expectCut();
  // Further on, the mappings of the second and third write are in the disk's cache as well.
  await lab.stepTo(/last: write .* L2 entries/);
  const outputs = new Set<string>();
  for (const preset of ['none', 'all', 'random', 'torn'] as const) {
    if (!(await lab.keep(preset))) continue;
    await test.step(preset, async () => {
      const path = join(folder, `crash-${preset}.qcow2`);
      const said = await lab.takeCrashImage(path);
      const { code, stderr, stdout } = qemuImg('check', path);
      expect({ code, transcript: (stderr + stdout).trim() }).toEqual(said);
      outputs.add(stdout);
      // QEMU repairs in its own way; what had been acknowledged must survive that too.
      qemuImg('check', '-q', '-r', 'all', path);
      expect(qemuImg('check', path).code).toBe(0);
      expect(qemuIo(path, ['read 0 4k']).code).toBe(0);
    });
  }
  expect(outputs.size, 'the choices make a difference').toBeGreaterThan(1);
});
