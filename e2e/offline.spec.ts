import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';

test.describe('without a network', () => {
  // The service worker asks the server for a new version and cannot reach it.
  test.use({ expectedComplaints: /ERR_INTERNET_DISCONNECTED/ });

  test('the page starts again and goes on with the images it has', async ({ page, context }) => {
    await visitOnce(page);
    await context.setOffline(true);
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
});

async function visitOnce(page: Page): Promise<void> {
  await page.goto('/');
  await page.evaluate(() => navigator.serviceWorker.ready);
}
