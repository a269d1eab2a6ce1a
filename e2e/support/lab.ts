import type { Locator, Page } from '@playwright/test';
import { expect } from './fixtures.ts';

export type Preset = 'none' | 'all' | 'random' | 'torn';

/** The crash lab, as its user works with it. */
export class Lab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What is dragged to the moment the power fails. */
  get handle(): Locator {
    return this.page.getByRole('slider', { name: /Moment of the power cut|Position in the recording/ });
  }

  /** The choices of what persisted; there while something is in the disk's cache. */
  get presets(): Locator {
    return this.page.getByRole('group', { name: 'What persisted' });
  }

  /** What the disk has in its cache and the media lack. */
  get pending(): Locator {
    return this.page.getByRole('region', { name: 'Not yet flushed' });
  }

  get verdict(): Locator {
    return this.page.getByRole('region', { name: 'Verdict' });
  }

  get guest(): Locator {
    return this.page.getByRole('region', { name: 'What the guest sees' }).first();
  }

  /** The power is cut, and what survives can be chosen. */
  async expectCut(): Promise<void> {
    await expect(this.page.getByRole('button', { name: /^Reopen/ })).toBeEnabled();
  }

  async pullPlug(): Promise<void> {
    await this.page.getByRole('button', { name: /^Pull the plug/ }).click();
    await this.expectCut();
  }

  /** Which of the writes in the disk's cache reached the media; false where this choice does not exist. */
  async keep(preset: Preset): Promise<boolean> {
    const button = this.presets.getByRole('button', { name: preset });
    if (await button.isDisabled()) return false;
    await button.click();
    return true;
  }

  /** Steps on until the handle says that it is there. */
  async stepTo(position: RegExp): Promise<void> {
    const isThere = async () => position.test((await this.handle.getAttribute('aria-valuetext')) ?? '');
    const isLast = async () =>
      (await this.handle.getAttribute('aria-valuenow')) === (await this.handle.getAttribute('aria-valuemax'));
    while (!(await isThere())) {
      expect(await isLast(), `no moment is ${position}`).toBe(false);
      await this.page.keyboard.press('.');
    }
    await expect(this.presets).toBeVisible();
  }

  async reopen(): Promise<void> {
    await this.page.getByRole('button', { name: /^Reopen/ }).click();
    await expect(this.page.getByRole('button', { name: /^Pull the plug/ })).toBeVisible();
  }

  /** Takes the image of this moment away; what the page says `qemu-img check` will say of it. */
  async takeCrashImage(path: string): Promise<{ code: number; transcript: string }> {
    await this.page.getByRole('button', { name: 'Take the crash image' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'The crash image' });
    const download = this.page.waitForEvent('download');
    await dialog.getByRole('button', { name: /^Download/ }).click();
    await (await download).saveAs(path);
    const transcript = await dialog.locator('pre').innerText();
    const code = Number(
      await dialog
        .getByText(/^Exit code/)
        .locator('strong')
        .innerText(),
    );
    await dialog.getByRole('button', { name: 'Close' }).click();
    return { code, transcript };
  }

  /** Lets the trace on stage run to its end. */
  async toTheEnd(): Promise<void> {
    await this.page.getByRole('button', { name: 'To the end' }).click();
  }
}
