import { LAB_WORKLOADS, type WorkloadCost } from '#protocol';
import type { Workbench } from '../../state/workbench.svelte.ts';
import { isCancelled } from '../../text/errors.ts';

/** Measures what a guest write costs in longer workloads, one at a time, and keeps what was measured. */
export class Workloads {
  results = $state.raw<readonly (WorkloadCost | null)[]>(LAB_WORKLOADS.map(() => null));
  isRunning = $state(false);
  error = $state.raw<unknown>(null);
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  async measure(workload: number): Promise<void> {
    this.isRunning = true;
    this.error = null;
    try {
      const { activities, engine } = this.#workbench;
      const title = `Measuring ${LAB_WORKLOADS[workload]}`;
      const cost = await activities.run(title, ({ signal, onProgress }) =>
        engine.client.call('lab.workload', { workload }, { signal, onProgress }),
      );
      this.results = this.results.with(workload, cost);
    } catch (error) {
      if (!isCancelled(error)) this.error = error;
    } finally {
      this.isRunning = false;
    }
  }
}
