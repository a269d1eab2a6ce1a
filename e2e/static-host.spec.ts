import { join } from 'node:path';
import { expect, test as base } from './support/fixtures.ts';
import { StaticHost } from './support/static-host.ts';

const test = base.extend<{ host: StaticHost }>({
  host: async ({ folder }, use) => {
    const host = await StaticHost.start(join(folder, 'host'));
    await use(host);
    await host.stop();
  },
});

// The attempts to compile and the stopped host show up in the console; the host is not the run's usual server.
test.use({ expectedComplaints: /wasm|WebAssembly|ERR_CONNECTION_REFUSED|another origin: http:..127\.0\.0\.1:/i });

test.describe('in a sub-folder of a host that sends no headers', () => {
  test('the worker is under the policy from the second visit on', async ({ page, host }) => {
    await page.goto(host.address);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const started = page.waitForEvent('worker');
    await page.reload();
    const worker = await started;
    const compile = () => WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])).then(String, String);
    expect(await worker.evaluate(compile)).toContain('CompileError');
    expect(await page.evaluate(compile)).toContain('CompileError');
  });

  test('the page can share memory with its workers from the second visit on', async ({ page, host }) => {
    await page.goto(host.address);
    await page.evaluate(() => navigator.serviceWorker.ready);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    const started = page.waitForEvent('worker');
    await page.reload();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await (await started).evaluate(() => crossOriginIsolated)).toBe(true);
  });

  test('the page works after the host is gone', async ({ page, host }) => {
    await page.goto(host.address);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await host.stop();
    await page.reload();
    await expect(page.getByRole('heading', { level: 1, name: 'Library' })).toBeVisible();
  });

  test('a new version waits until the user wants it, in every tab', async ({ page, context, host }) => {
    await page.goto(host.address);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const other = await context.newPage();
    await other.goto(host.address);

    host.publish('2');
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    const reload = page.getByRole('button', { name: 'Reload' });
    await expect(reload).toBeVisible();
    await expect(other.getByRole('button', { name: 'Reload' })).toBeVisible();
    // Until then even a reload shows the version that runs.
    await other.reload();
    await expect(other.locator('html')).not.toHaveAttribute('data-version');

    await reload.click();
    await expect(page.locator('html')).toHaveAttribute('data-version', '2');
    await expect(reload).toBeHidden();
    await other.getByRole('button', { name: 'Reload' }).click();
    await expect(other.locator('html')).toHaveAttribute('data-version', '2');
  });
});
