import { createContext } from 'svelte';
import { Pwa } from '../pwa.svelte.ts';
import { Activities } from './activities.svelte.ts';
import { Console } from './terminal/console.svelte.ts';
import { Engine } from './engine.svelte.ts';
import { Images } from './images.svelte.ts';
import { Library } from './library.svelte.ts';
import { OtherTabs } from './other-tabs.ts';
import { Router } from './router.svelte.ts';
import { Theme } from './theme.svelte.ts';
import { Toasts } from './toasts.svelte.ts';

/** Everything that lives as long as the page does. */
export class Workbench {
  readonly engine = new Engine();
  readonly pwa = new Pwa();
  readonly router = new Router();
  readonly theme = new Theme();
  readonly toasts = new Toasts();
  readonly activities = new Activities();
  readonly library = new Library(this);
  readonly images = new Images(this);
  readonly console = new Console(this);
  readonly otherTabs = new OtherTabs((changed) => {
    this.images.reload(changed);
    void this.library.refresh();
  });

  /** Counts engine starts; what was on screen before is made anew. */
  generation = $state(0);

  /** Shows a command line in the console: it runs at once, or waits for Enter where it changes something. */
  openInConsole(command: string, { changes }: { readonly changes: boolean }): void {
    this.router.go({ place: 'console' });
    if (changes || this.console.running !== null) this.console.draft = command;
    else this.console.give([command]);
  }

  /** After the worker has died: a new one, and nothing that the old one said is believed. */
  restartEngine(): void {
    this.engine.restart();
    this.images.forgetAll();
    this.generation++;
    void this.library.refresh();
  }
}

export const [getWorkbench, setWorkbench] = createContext<Workbench>();
