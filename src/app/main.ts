import { mount } from 'svelte';
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';
import App from './App.svelte';
import { openLaunchedFiles } from './state/launched-files.ts';
import { Workbench } from './state/workbench.svelte.ts';

const workbench = new Workbench();
mount(App, { target: document.getElementById('app')!, props: { workbench } });
void workbench.library.refresh();
openLaunchedFiles(workbench);
workbench.pwa
  .start()
  .catch(() => workbench.toasts.info('This window keeps nothing for offline use: the browser does not allow it here.'));
