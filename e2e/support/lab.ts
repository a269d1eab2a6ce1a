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
    return this.page.getByRole('slider');
  }

  get verdict(): Locator {
    return this.page.getByRole('region', { name: 'Verdict' });
  }

  get guest(): Locator {
    return this.page.getByRole('region', { name: 'What the guest sees' }).first();
  }

  async pullPlug(): Promise<void> {
    await this.page.getByRole('button', { name: /^Pull the plug/ }).click();
    await expect(this.page.getByRole('button', { name: /^Reopen/ })).toBeEnabled();
  }

  /** Which of the writes in the disk's cache reached the media; false where this choice does not exist. */
  async keep(preset: Preset): Promise<boolean> {
    const button = this.page.getByRole('group', { name: 'What persisted' }).getByRole('button', { name: preset });
    if (await button.isDisabled()) return false;
    await button.click();
    return true;
  }

  async reopen(): Promise<void> {
    await this.page.getByRole('button', { name: /^Reopen/ }).click();
    await expect(this.page.getByRole('button', { name: /^Pull the plug/ })).toBeVisible();
  }

  /** Lets the trace on stage run to its end. */
  async toTheEnd(): Promise<void> {
    await this.page.getByRole('button', { name: 'To the end' }).click();
  }
}
