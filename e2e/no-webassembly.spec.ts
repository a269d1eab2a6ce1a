import type { Page, Worker } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { CONTENT_SECURITY_POLICY, ISOLATION_HEADERS } from '../src/offline/security-headers.ts';

/** The smallest module there is: magic and version. */
const EMPTY_MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Each way to get WebAssembly running, by the name of the error that stops it. Runs in the page and in the worker. */
async function tryWebAssembly(bytes: number[]): Promise<Record<string, string>> {
  const module = new Uint8Array(bytes);
  const nameOfError = async (attempt: () => unknown) => {
    try {
      await attempt();
      return 'compiled';
    } catch (error) {
      return (error as Error).name;
    }
  };
  const answer = () => new Response(module, { headers: { 'content-type': 'application/wasm' } });
  return {
    compile: await nameOfError(() => WebAssembly.compile(module)),
    instantiate: await nameOfError(() => WebAssembly.instantiate(module)),
    module: await nameOfError(() => new WebAssembly.Module(module)),
    compileStreaming: await nameOfError(() => WebAssembly.compileStreaming(answer())),
  };
}

const REFUSED = {
  compile: 'CompileError',
  instantiate: 'CompileError',
  module: 'CompileError',
  compileStreaming: 'CompileError',
};

test.describe('the policy', () => {
  // The attempts below are violations, and Chromium says so.
  test.use({ expectedComplaints: /wasm|WebAssembly/i });

  test('refuses WebAssembly in the page and in the worker', async ({ page }) => {
    const worker = await openPageAndWorker(page);
    expect(await page.evaluate(tryWebAssembly, EMPTY_MODULE)).toEqual(REFUSED);
    expect(await worker.evaluate(tryWebAssembly, EMPTY_MODULE)).toEqual(REFUSED);
  });

  test('refuses it under the service worker too', async ({ page }) => {
    await openPageAndWorker(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const started = page.waitForEvent('worker');
    await page.reload();
    expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    const worker = await started;
    expect(await page.evaluate(tryWebAssembly, EMPTY_MODULE)).toEqual(REFUSED);
    expect(await worker.evaluate(tryWebAssembly, EMPTY_MODULE)).toEqual(REFUSED);
  });
});

test('every answer of the server carries the policy', async ({ page, request }) => {
  const paths = new Set(['/']);
  const isolation = Object.entries(ISOLATION_HEADERS).map(([name, value]) => [name.toLowerCase(), value]);
  page.on('request', (sent) => paths.add(new URL(sent.url()).pathname));
  await openPageAndWorker(page);
  for (const path of paths) {
    const answer = await request.get(path);
    expect(answer.headers(), path).toMatchObject({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      ...Object.fromEntries(isolation),
    });
  }
});

test.describe('a browser that has no WebAssembly at all', () => {
  test.use({ browserArguments: ['--js-flags=--jitless'] });

  test('runs the application', async ({ page, cdp, workbench }) => {
    const languages: string[] = [];
    cdp.on('Debugger.scriptParsed', ({ scriptLanguage }) => languages.push(scriptLanguage ?? 'JavaScript'));
    await cdp.send('Debugger.enable');
    const worker = await openPageAndWorker(page);
    expect(await page.evaluate(() => typeof WebAssembly)).toBe('undefined');
    expect(await worker.evaluate(() => typeof WebAssembly)).toBe('undefined');
    await workbench.button('Dirty after a crash').click();
    await expect(workbench.verdict).toContainText(/32 refcounts are behind/);
    expect(languages).not.toContain('WebAssembly');
    expect(languages).toContain('JavaScript');
  });
});

async function openPageAndWorker(page: Page): Promise<Worker> {
  const started = page.waitForEvent('worker');
  await page.goto('/');
  return started;
}
