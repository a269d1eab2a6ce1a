import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test as base, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { CHROMIUM_ARGUMENTS, chromiumPath } from '../../test/tools/chromium.ts';
import { Desktop } from './desktop.ts';
import { needsQemu, QemuImages } from './images.ts';
import { Workbench } from './workbench.ts';

export interface BrowserSettings {
  /** What the browser answers when the page asks for access to local files. */
  filePermission: 'granted' | 'denied' | 'prompt';
  browserArguments: string[];
  /** What the browser may complain about; everything else fails the test. */
  expectedComplaints: RegExp | null;
}

interface Fixtures {
  /** A folder for this test's files. */
  folder: string;
  cdp: CDPSession;
  /** The world outside the page: dropped files, files opened from the desktop, pickers. */
  desktop: Desktop;
  workbench: Workbench;
  /** Images that real QEMU makes, in the test's folder. */
  qemu: QemuImages;
  /** Fails the test when the page complained, broke its policy, or asked another origin for anything. */
  goodConduct: null;
}

/** Every test has a Chromium with a profile on disk (in an incognito one OPFS lives in memory and differs). */
export const test = base.extend<BrowserSettings & Fixtures>({
  filePermission: ['granted', { option: true }],
  browserArguments: [[], { option: true }],
  expectedComplaints: [null, { option: true }],

  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-e2e-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },

  context: async ({ folder, baseURL, filePermission, browserArguments, viewport, colorScheme, reducedMotion }, use) => {
    const profile = join(folder, 'profile');
    writePermissions(profile, baseURL!, filePermission);
    const home = join(folder, 'home');
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(),
      headless: true,
      args: [...CHROMIUM_ARGUMENTS, ...browserArguments],
      baseURL,
      viewport,
      colorScheme,
      reducedMotion,
      acceptDownloads: true,
      // Installing the application writes desktop files.
      env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home } as Record<string, string>,
    });
    await use(context);
    await context.close();
  },

  page: async ({ context }, use) => {
    await use(context.pages()[0] ?? (await context.newPage()));
  },

  cdp: async ({ context, page }, use) => {
    await use(await context.newCDPSession(page));
  },

  desktop: async ({ context, page, cdp, baseURL }, use) => {
    await use(new Desktop(context, page, cdp, baseURL!));
  },

  workbench: async ({ page }, use) => {
    await use(new Workbench(page));
  },

  qemu: async ({ folder }, use) => {
    needsQemu();
    await use(new QemuImages(folder));
  },

  goodConduct: [
    async ({ context, baseURL, expectedComplaints }, use) => {
      const complaints = watchConduct(context, baseURL!);
      await use(null);
      const unexpected = complaints.filter((text) => !expectedComplaints?.test(text));
      expect(unexpected, 'what the page complained about').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect, type Page };

/** Chromium has no switch for the permission prompt of local files; the profile can hold the answer beforehand. */
function writePermissions(profile: string, origin: string, permission: BrowserSettings['filePermission']): void {
  if (permission === 'prompt') return;
  const answer = { [`${origin},*`]: { setting: permission === 'granted' ? 1 : 2 } };
  const exceptions = { file_system_read_guard: answer, file_system_write_guard: answer };
  mkdirSync(join(profile, 'Default'), { recursive: true });
  const preferences = { profile: { content_settings: { exceptions } } };
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
}

function watchConduct(context: BrowserContext, origin: string): string[] {
  const complaints: string[] = [];
  const watch = (page: Page) => {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  };
  context.pages().forEach(watch);
  context.on('page', watch);
  context.on('request', (request) => {
    const url = request.url();
    const isOurs = url.startsWith(origin) || url.startsWith(`blob:${origin}`) || url.startsWith('data:');
    if (!isOurs && url !== 'about:blank') complaints.push(`request to another origin: ${url}`);
  });
  return complaints;
}
