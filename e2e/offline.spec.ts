import { expect, test } from './support/fixtures.ts';
import { Lab } from './support/lab.ts';

test.describe('without a network', () => {
  // The browser looks for a new version of the service worker and cannot reach it.
  test.use({ expectedComplaints: /ERR_INTERNET_DISCONNECTED/ });

  test('the page starts again and carries on: images, repair, crash lab', async ({ page, context, workbench }) => {
    await workbench.open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await workbench.button('Dirty after a crash').click();
    await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);

    await context.setOffline(true);
    await page.reload();
    await expect(workbench.title).toContainText('dirty-after-crash.qcow2');
    await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);
    await workbench.repairAll();
    await expect(workbench.verdict).toContainText(/sound|clean/i);

    await workbench.goTo('Library');
    await workbench.createImage('offline.qcow2', '1G');
    await workbench.goTo('Library');
    await workbench.button('See a crash in 60 seconds').click();
    const lab = new Lab(page);
    await lab.expectCut();
    await lab.reopen();
    await lab.toTheEnd();
    await expect(lab.verdict).toContainText(/Everything acknowledged is still there/);
  });
});
