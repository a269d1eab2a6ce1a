import type { Download, Locator, Page } from '@playwright/test';
import { expect } from './fixtures.ts';

export type Place = 'Library' | 'Image' | 'Crash lab' | 'Console' | 'Help';

/** The page as its user knows it. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(address = '/'): Promise<void> {
    await this.page.goto(address);
    await expect(this.page.getByRole('heading', { level: 1 })).toBeVisible();
  }

  async goTo(place: Place): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: place }).click();
  }

  get title(): Locator {
    return this.page.getByRole('heading', { level: 1 });
  }

  /** The sentence that says whether the image is sound. */
  get verdict(): Locator {
    return this.page.getByTestId('verdict');
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  tab(name: 'Overview' | 'Map' | 'Structure' | 'Guest disk' | 'Check & repair'): Locator {
    return this.page.getByRole('tab', { name });
  }

  /** What the page says `qemu-img check` prints. */
  get checkOutput(): Locator {
    return this.page.getByRole('region', { name: 'Output of qemu-img check' });
  }

  async planRepair(): Promise<void> {
    await this.tab('Check & repair').click();
    await this.button('Plan the repair').click();
    await expect(this.page.getByRole('list', { name: 'Steps' })).toBeVisible();
  }

  async repairAll(): Promise<void> {
    await this.planRepair();
    await this.button('Apply all').click();
    await expect(this.page.getByRole('region', { name: 'After', exact: true })).toBeVisible();
  }

  row(imageName: string): Locator {
    return this.page.getByRole('row').filter({ has: this.page.getByRole('link', { name: imageName, exact: true }) });
  }

  async chooseAction(imageName: string, action: string): Promise<void> {
    await this.button(`Actions for ${imageName}`).click();
    await this.page.getByRole('menuitem', { name: action }).click();
  }

  async createImage(name: string, size: string, settings: { isLazy?: boolean; clusterSize?: string } = {}) {
    await this.button('Create an image').click();
    const dialog = this.page.getByRole('dialog', { name: 'New image' });
    await dialog.getByLabel('Name', { exact: true }).fill(name);
    await dialog.getByLabel('Size', { exact: true }).fill(size);
    if (settings.isLazy !== undefined) await dialog.getByLabel('Lazy refcounts').setChecked(settings.isLazy);
    if (settings.clusterSize !== undefined) {
      await dialog.getByText('More options').click();
      await dialog.getByLabel('Cluster size').selectOption({ label: settings.clusterSize });
    }
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(this.title).toContainText(name);
  }

  /** What the page hands out as a file when `action` is done, saved under `path`. */
  async download(action: () => Promise<void>, path: string): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), action()]);
    await download.saveAs(path);
    return download;
  }
}
