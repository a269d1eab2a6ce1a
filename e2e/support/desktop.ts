import { expect, type BrowserContext, type CDPSession, type Page } from '@playwright/test';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a user does outside the page. Dropped and opened files carry real handles, as in a browser with a screen. */
export class Desktop {
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly #cdp: CDPSession;
  readonly #origin: string;

  constructor(context: BrowserContext, page: Page, cdp: CDPSession, origin: string) {
    this.#context = context;
    this.#page = page;
    this.#cdp = cdp;
    this.#origin = origin;
  }

  /** Drags files from the desktop over the page and lets go. */
  async drop(files: string[], point: Point = { x: 600, y: 400 }): Promise<void> {
    // Letting go before the browser has heard that the page takes the files cancels the drag; a hand would try again.
    await expect(async () => {
      await this.dragOver(files, point);
      const arrived = this.#page.evaluate(dropArrives, DROP_WAIT_MS);
      await this.#drag('dragOver', files, point);
      await this.#drag('drop', files, point);
      expect(await arrived).toBe(true);
    }).toPass();
  }

  async dragOver(files: string[], point: Point = { x: 600, y: 400 }): Promise<void> {
    await this.#drag('dragEnter', files, point);
    await this.#drag('dragOver', files, point);
  }

  /**
   * The next open picker answers with these files. A headless browser shows no picker and supplies no files to one,
   * so the page's function is replaced; the handles are real ones, got from a drop on an element of the test.
   */
  async choose(files: string[]): Promise<void> {
    await this.#page.evaluate(() => {
      const target = Object.assign(document.createElement('div'), { id: 'picker-stub' });
      target.style.cssText = 'position:fixed;inset:0;z-index:2147483647';
      for (const type of ['dragenter', 'dragover', 'drop'] as const) {
        target.addEventListener(type, (event) => {
          event.preventDefault();
          event.stopPropagation();
          if (type !== 'drop') return;
          const items = [...event.dataTransfer!.items];
          const handles = Promise.all(items.map((item) => item.getAsFileSystemHandle()));
          Object.assign(window, { showOpenFilePicker: () => handles });
          target.remove();
        });
      }
      (document.querySelector('dialog[open]') ?? document.body).append(target);
    });
    await this.drop(files);
    await this.#page.waitForSelector('#picker-stub', { state: 'detached' });
  }

  /** Installs the page as an application; returns its name for `openWith`. */
  async install(): Promise<string> {
    const { appId } = (await this.#cdp.send('Page.getAppId')) as { appId: string };
    const browser = await this.#context.browser()!.newBrowserCDPSession();
    await browser.send('PWA.install', { manifestId: appId, installUrlOrBundleUrl: `${this.#origin}/` });
    return appId;
  }

  /** A double click on the files in the desktop's file manager. */
  async openWith(manifestId: string, files: string[]): Promise<void> {
    const browser = await this.#context.browser()!.newBrowserCDPSession();
    await browser.send('PWA.launchFilesInApp', { manifestId, files });
  }

  async #drag(type: 'dragEnter' | 'dragOver' | 'drop', files: string[], { x, y }: Point): Promise<void> {
    const data = { items: [], files, dragOperationsMask: 1 };
    await this.#cdp.send('Input.dispatchDragEvent', { type, x, y, data });
  }
}

const DROP_WAIT_MS = 2000;

/** Runs in the page. */
function dropArrives(waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    addEventListener('drop', () => resolve(true), { once: true, capture: true });
    setTimeout(() => resolve(false), waitMs);
  });
}
