import type { Exploration, Recording } from '#protocol';
import type { Workbench } from '../../state/workbench.svelte.ts';
import { isCancelled } from '../../text/errors.ts';

/** Tries every crash state of a recording, and every crash inside the repairs that follow. */
export class Explorer {
  #result = $state.raw<{ readonly recording: Recording; readonly exploration: Exploration } | null>(null);
  isRunning = $state(false);
  error = $state.raw<unknown>(null);
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** Null until it was explored. */
  resultOf(recording: Recording | null): Exploration | null {
    return this.#result !== null && this.#result.recording === recording ? this.#result.exploration : null;
  }

  async explore(recording: Recording, imageId: string | null): Promise<void> {
    this.isRunning = true;
    this.error = null;
    try {
      const { activities, engine } = this.#workbench;
      const exploration = await activities.run('Trying every power cut', ({ signal, onProgress }) =>
        engine.client.call('lab.explore', { scenario: recording.scenario, imageId }, { signal, onProgress }),
      );
      this.#result = { recording, exploration };
    } catch (error) {
      if (!isCancelled(error)) this.error = error;
    } finally {
      this.isRunning = false;
    }
  }
}
