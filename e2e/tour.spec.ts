import { expect, test, type Page } from './support/fixtures.ts';
import { expectFit, SCREENS, TABLET } from './support/screens.ts';
import { Lab } from './support/lab.ts';
import type { Workbench } from './support/workbench.ts';

// Every view, in both themes, on a desk and on a phone, and on a tablet: no finding of axe that is serious, nothing wider than the
// screen, and a picture in test-results/screenshots for people to look at.

interface Stop {
  readonly name: string;
  show(workbench: Workbench, page: Page): Promise<void>;
}

const STOPS: readonly Stop[] = [
  { name: 'library-empty', show: (workbench) => workbench.open() },
  {
    name: 'new-image',
    show: async (workbench, page) => {
      await workbench.button('Create an image').click();
      await page.getByText('More options').click();
    },
  },
  {
    name: 'image-overview',
    show: async (workbench, page) => {
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /Dirty after a crash/i }).click();
      await expect(workbench.verdict).toContainText(/closed in the middle of writing/i);
    },
  },
  {
    name: 'image-map',
    show: async (workbench, page) => {
      await workbench.tab('Map').click();
      await expect(page.getByText(/header/i).first()).toBeVisible();
    },
  },
  {
    name: 'image-structure',
    show: async (workbench, page) => {
      await workbench.tab('Structure').click();
      await expect(page.getByLabel('Bytes').first()).toBeVisible();
    },
  },
  {
    name: 'image-guest',
    show: async (workbench, page) => {
      await workbench.tab('Guest disk').click();
      await expect(page.getByLabel('Bytes to write')).toBeVisible();
    },
  },
  {
    name: 'image-check',
    show: async (workbench, page) => {
      await workbench.tab('Check & repair').click();
      await expect(page.getByText(/refcount/i).first()).toBeVisible();
    },
  },
  {
    name: 'library',
    show: async (workbench, page) => {
      await workbench.goTo('Library');
      await expect(page.getByRole('table', { name: 'Images' })).toBeVisible();
    },
  },
  {
    name: 'lab-crashed',
    show: async (workbench, page) => {
      await workbench.button('See a crash in 60 seconds').click();
      const lab = new Lab(page);
      await lab.expectCut();
      await lab.keep('all');
      await expect(page.getByRole('region', { name: 'Cost table' }).getByRole('cell').first()).not.toBeEmpty();
    },
  },
  {
    name: 'lab-export',
    show: async (_workbench, page) => {
      await page.getByRole('button', { name: 'Take the crash image' }).click();
      await expect(page.getByRole('dialog')).toContainText('Exit code');
    },
  },
  {
    name: 'lab-repaired',
    show: async (_workbench, page) => {
      await page.keyboard.press('Escape');
      const lab = new Lab(page);
      await lab.reopen();
      await lab.toTheEnd();
      await expect(lab.verdict).toContainText('dirty bit clear');
    },
  },
  {
    name: 'console',
    show: async (workbench, page) => {
      await workbench.goTo('Console');
      const line = page.getByRole('combobox', { name: /Command line/ });
      for (const command of [
        'qemu-img create -f qcow2 -o compat=1.1,lazy_refcounts=on a.qcow2 10G',
        "qemu-io -c 'write -P 0x5a 0 256k' -c 'sigraise 9' a.qcow2",
        'qemu-img check a.qcow2',
      ]) {
        await line.fill(command);
        await page.keyboard.press('Enter');
        await expect(page.getByRole('button', { name: 'Ctrl+C' })).toBeDisabled();
      }
      await line.fill('qemu-img create -f qcow2 -o c');
      await page.keyboard.press('Tab');
      await expect(page.getByRole('listbox', { name: 'Completions' })).toBeVisible();
    },
  },
  { name: 'help', show: (workbench) => workbench.goTo('Help') },
  {
    name: 'palette',
    show: async (_workbench, page) => {
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
];

for (const { name: screen, settings } of [...SCREENS, TABLET]) {
  test.describe(screen, () => {
    test.use(settings);

    test('every view is accessible and fits', async ({ page, workbench }) => {
      test.setTimeout(180_000);
      for (const { name, show } of STOPS) {
        await test.step(name, async () => {
          await show(workbench, page);
          await expectFit(page, `${name}-${screen}`);
        });
      }
    });
  });
}
