import { expect, test } from './support/fixtures.ts';
import { Shell } from './support/shell.ts';
import type { Workbench } from './support/workbench.ts';

const CREATED =
  "Formatting 'a.qcow2', fmt=qcow2 cluster_size=65536 extended_l2=off compression_type=zlib size=10737418240 compat=1.1 lazy_refcounts=on refcount_bits=16";

/** From a new image over a crash to a sound one, as a new user would go. */
async function crashAndRepair(shell: Shell, workbench: Workbench): Promise<void> {
  await shell.run('qemu-img create -f qcow2 -o compat=1.1,lazy_refcounts=on a.qcow2 10G');
  await expect(shell.screen).toContainText(CREATED);

  await shell.run("qemu-io -c 'write -P 0x5a 0 1M' -c 'sigraise 9' a.qcow2");
  await expect(shell.screen).toContainText('wrote 1048576/1048576 bytes at offset 0');
  await expect(shell.screen).toContainText('Killed');
  await expect(shell.screen).toContainText('exit code 137');

  await shell.run('qemu-img check a.qcow2');
  await expect(shell.screen).toContainText('ERROR cluster 5 refcount=0 reference=1');
  await expect(shell.screen).toContainText('exit code 2');

  // The library knows already, and the name leads to the image.
  await shell.screen.getByRole('link', { name: 'a.qcow2' }).last().click();
  await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);
  await workbench.goTo('Console');
  await expect(shell.screen).toContainText(CREATED);

  await shell.run("qemu-io -c 'read -P 0x5a 0 1M' a.qcow2");
  await shell.run('clear');
  await shell.run('qemu-img check a.qcow2');
  await expect(shell.screen).toContainText('No errors were found on the image.');
  await workbench.goTo('Image');
  await expect(workbench.verdict).toContainText(/sound|clean/i);
}

test('an image is made, killed, checked, repaired and read back by command lines', async ({ page, workbench }) => {
  const shell = new Shell(page);
  await shell.open(workbench);
  await crashAndRepair(shell, workbench);
  await workbench.goTo('Console');
  await shell.run('qcow2.py a.qcow2 dump-header-exts');
  await expect(shell.screen).toContainText('0x6803f857 (Feature table)');
});

test.describe('without a network', () => {
  // The browser looks for a new version of the service worker and cannot reach it; WebAssembly is tried, and refused.
  test.use({ expectedComplaints: /ERR_INTERNET_DISCONNECTED|WebAssembly/ });

  test('the same', async ({ page, context, workbench }) => {
    await workbench.open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await context.setOffline(true);
    const shell = new Shell(page);
    await shell.open(workbench);
    await crashAndRepair(shell, workbench);
  });

  test('compressed clusters are made and read by workers beside the engine', async ({ page, context, workbench }) => {
    await workbench.open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await context.setOffline(true);
    const shell = new Shell(page);
    await shell.open(workbench);
    await shell.run('qemu-img create -q -f qcow2 plain 64M');
    await shell.run("qemu-io -c 'write -P 7 1M 24M' -c 'write -P 8 40M 3M' plain");
    await shell.run('qemu-img convert -c -O qcow2 plain packed && qemu-img convert -O qcow2 packed unpacked');
    await shell.run('qemu-img compare plain packed && qemu-img compare plain unpacked && qemu-img check packed');
    await expect(shell.screen).toContainText(/Images are identical\..*Images are identical\./s);
    await expect(shell.screen).toContainText('100.00% compressed clusters');
    const codecs = page.workers().filter((worker) => worker.url().includes('codec-worker'));
    expect(codecs.length).toBe(await page.evaluate(() => Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1))));
    const compiling = codecs[0]!.evaluate(() => WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
    await expect(compiling).rejects.toThrow('CompileError');
  });
});

test('the line is edited, completed and remembered as in a shell', async ({ page, workbench }) => {
  const shell = new Shell(page);
  const { keyboard } = page;
  await shell.open(workbench);

  await keyboard.type('qemu-i');
  await keyboard.press('Tab');
  await expect(shell.completions.getByRole('option')).toHaveText(['qemu-img', 'qemu-io']);
  await keyboard.press('Tab');
  await keyboard.type('cre');
  await keyboard.press('Tab');
  await expect(shell.line).toHaveValue('qemu-img create ');
  await keyboard.type('-f qcow2 -o lazy');
  await keyboard.press('Tab');
  await expect(shell.line).toHaveValue('qemu-img create -f qcow2 -o lazy_refcounts=');
  await keyboard.type('on b.qcow2 1M');
  await expect(shell.line).toHaveValue('qemu-img create -f qcow2 -o lazy_refcounts=on b.qcow2 1M');
  await keyboard.press('Enter');
  await shell.expectIdle();

  await keyboard.type('qemu-img info b');
  await keyboard.press('Tab');
  await expect(shell.line).toHaveValue('qemu-img info b.qcow2 ');
  await keyboard.press('Control+a');
  await keyboard.press('Control+k');
  await expect(shell.line).toHaveValue('');
  await keyboard.press('Control+y');
  await keyboard.press('Control+w');
  await expect(shell.line).toHaveValue('qemu-img info ');
  await keyboard.press('Control+u');

  await keyboard.press('ArrowUp');
  await expect(shell.line).toHaveValue(/^qemu-img create/);
  await keyboard.press('ArrowDown');
  await expect(shell.line).toHaveValue('');

  await page.reload();
  await expect(shell.line).toBeFocused();
  await keyboard.press('Control+r');
  await keyboard.type('lazy');
  await expect(shell.screen).toContainText('qemu-img create -f qcow2 -o lazy_refcounts=on b.qcow2 1M');
  await keyboard.press('End');
  await expect(shell.line).toHaveValue(/^qemu-img create/);
  await keyboard.press('Control+c');
  await expect(shell.line).toHaveValue('');
});

test('what is typed while a completion is on its way waits for it', async ({ page, workbench }) => {
  const shell = new Shell(page);
  const { keyboard } = page;
  await shell.open(workbench);
  await shell.run('qemu-img create -q -f qcow2 e.qcow2 1M');
  await keyboard.type('qemu-img info e.q');
  // Nothing here waits for the answer to the Tab.
  await keyboard.press('Tab');
  await keyboard.type('; echo');
  await keyboard.press('Backspace');
  await keyboard.press('Home');
  await keyboard.type('ls; ');
  await expect(shell.line).toHaveValue('ls; qemu-img info e.qcow2 ; ech');
});

test('a command that was ended is shown as cancelled', async ({ page, workbench }) => {
  const shell = new Shell(page);
  await shell.open(workbench);
  await shell.run('qemu-img create -q -f qcow2 e.qcow2 1M');
  await page.keyboard.type("qemu-io -c 'sleep 600000' e.qcow2");
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Ctrl+C' })).toBeEnabled();
  await page.keyboard.press('Control+c');
  await shell.expectIdle();
  await expect(page.getByRole('region', { name: 'Activity' })).toContainText('e.qcow2: cancelled');
});

test('a program is talked to, and what runs long is ended', async ({ page, workbench }) => {
  const shell = new Shell(page);
  const { keyboard } = page;
  await shell.open(workbench);
  await shell.run('qemu-img create -f qcow2 c.qcow2 8G');

  await keyboard.type('qemu-io c.qcow2');
  await keyboard.press('Enter');
  await expect(page.getByText('qemu-io>')).toBeVisible();
  await keyboard.type('write -P 7 0 64k');
  await keyboard.press('Enter');
  await expect(shell.screen).toContainText('wrote 65536/65536 bytes at offset 0');
  await keyboard.press('Control+d');
  await shell.expectIdle();

  await keyboard.type("qemu-io -c 'sleep 600000' c.qcow2");
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Ctrl+C' })).toBeEnabled();
  // Others are answered meanwhile: the library, and another image.
  await workbench.goTo('Library');
  await workbench.button('Dirty after a crash').click();
  await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);
  await workbench.goTo('Console');
  await keyboard.press('Control+c');
  await shell.expectIdle();
  await expect(shell.screen).toContainText('exit code 130');
});

test('several pasted commands run one after the other, and thousands of lines stay quick', async ({
  page,
  workbench,
}) => {
  const shell = new Shell(page);
  await shell.open(workbench);
  await shell.line.evaluate((element) => {
    const data = new DataTransfer();
    data.setData(
      'text/plain',
      "$ qemu-img create -q -f qcow2 \\\n  d.qcow2 64M\nqemu-io -r -f raw -c 'read -v 0 160k' d.qcow2\nqemu-img info d",
    );
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(shell.line).toHaveValue('qemu-img info d');
  await expect(shell.screen).toContainText('read 163840/163840 bytes at offset 0');
  await shell.expectIdle();
  expect(await shell.screen.evaluate((element) => element.querySelectorAll('*').length)).toBeLessThan(300);
  // The keyboard leaves the line, although Tab completes.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await expect(shell.line).not.toBeFocused();
});

test('output keeps the end in sight, in a narrower window too, until the reader goes up', async ({
  page,
  workbench,
}) => {
  const shell = new Shell(page);
  await shell.open(workbench);
  const dump = "qemu-io -c 'read -v 0 8k' d.qcow2";
  await shell.run('qemu-img create -q -f qcow2 d.qcow2 1M');
  await shell.run(dump);
  await page.setViewportSize({ width: 390, height: 640 });
  await shell.run(`${dump} && ${dump}`);
  await expect(shell.line).toBeInViewport();
  // With the wheel, as a reader does.
  await shell.screen.hover();
  await page.mouse.wheel(0, -600);
  await expect(shell.line).not.toBeInViewport();
  await page.setViewportSize({ width: 390, height: 600 });
  await expect(shell.line).not.toBeInViewport();
  await page.mouse.wheel(0, 10_000);
  await page.setViewportSize({ width: 360, height: 640 });
  await expect(shell.line).toBeInViewport();
});

test('what the page shows is run as a command line', async ({ page, workbench }) => {
  const shell = new Shell(page);
  await workbench.open();
  await workbench.button('Dirty after a crash').click();
  await workbench.tab('Check & repair').click();
  await page.getByRole('button', { name: 'Open in the console' }).first().click();
  await expect(shell.screen).toContainText('qemu-img check dirty-after-crash.qcow2');
  await expect(shell.screen).toContainText('ERROR cluster');
});

test('pages go up and down, and the lines of other tabs are in the history of the next visit', async ({
  page,
  context,
  workbench,
}) => {
  const shell = new Shell(page);
  await shell.open(workbench);
  await shell.run("qemu-img create -q -f qcow2 d.qcow2 1M && qemu-io -c 'read -v 0 8k' d.qcow2");
  for (const [up, down] of [
    ['PageUp', 'PageDown'],
    ['Shift+PageUp', 'Shift+PageDown'],
  ] as const) {
    await page.keyboard.press(up);
    await expect(shell.line).not.toBeInViewport();
    await page.keyboard.press(down);
    await expect(shell.line).toBeInViewport();
  }
  await page.keyboard.press('PageUp');
  await expect(shell.line).not.toBeInViewport();
  // Typing goes to where the letters appear.
  await page.keyboard.type('x');
  await expect(shell.line).toBeInViewport();
  await page.keyboard.press('Backspace');

  const other = await context.newPage();
  await other.goto('/#/console');
  const otherShell = new Shell(other);
  await otherShell.run('qemu-img --version');
  await shell.run('qemu-img info d.qcow2');
  // When one tab sees what another has stored is the browser's affair.
  await expect(async () => {
    await page.reload();
    for (const line of ['qemu-img info d.qcow2', 'qemu-img --version']) {
      await shell.line.press('ArrowUp');
      await expect(shell.line).toHaveValue(line, { timeout: 2000 });
    }
  }).toPass();
});
