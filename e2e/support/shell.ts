import type { Locator, Page } from '@playwright/test';
import { expect } from './fixtures.ts';
import type { Workbench } from './workbench.ts';

/** The console, as its user types into it. */
export class Shell {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get line(): Locator {
    return this.page.getByRole('combobox', { name: /Command line/ });
  }

  get screen(): Locator {
    return this.page.getByRole('region', { name: 'Console' });
  }

  get completions(): Locator {
    return this.page.getByRole('listbox', { name: 'Completions' });
  }

  async open(workbench: Workbench): Promise<void> {
    await workbench.open();
    await workbench.goTo('Console');
    await expect(this.line).toBeFocused();
  }

  /** Types a line and waits until the console is ready for the next one. */
  async run(line: string): Promise<void> {
    await this.line.fill(line);
    await this.page.keyboard.press('Enter');
    await this.expectIdle();
  }

  async expectIdle(): Promise<void> {
    await expect(this.page.getByRole('button', { name: 'Ctrl+C' })).toBeDisabled();
  }
}
