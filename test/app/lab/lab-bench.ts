import type { LabMethods } from '#protocol';
import { createClient, serve } from '#rpc';
import { onTestFinished } from 'vitest';
import { Guide } from '../../../src/app/views/lab/guide.svelte.ts';
import { Lab } from '../../../src/app/views/lab/lab.svelte.ts';
import type { Workbench } from '../../../src/app/state/workbench.svelte.ts';
import { labHandlers } from '../../../src/worker/lab.ts';

/** The lab's state over the real engine, without a worker between them. */
export function newLab(): { lab: Lab; guide: Guide } {
  const { port1, port2 } = new MessageChannel();
  const noLibrary = () => Promise.reject(new Error('There is no library here.'));
  serve<LabMethods>(port2, labHandlers({ copyOfImage: noLibrary, keep: noLibrary }));
  const client = createClient<LabMethods>(port1);
  onTestFinished(() => {
    client.close();
    port2.close();
  });
  const guide = new Guide();
  // The lab needs of the workbench only a way to call the worker.
  const workbench = { engine: { client } } as unknown as Workbench;
  return { lab: new Lab(workbench, (facts) => guide.note(facts)), guide };
}

/** Waits until the state on stage is the one that the handle shows. */
export async function settled(lab: Lab): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve));
    if (lab.error !== null) throw lab.error;
    if (!lab.isRunning && lab.isSettled) return;
  }
}
