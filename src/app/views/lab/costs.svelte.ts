import type { CostRow, ImageId, Latencies, Recording, Scenario } from '#protocol';
import type { Workbench } from '../../state/workbench.svelte.ts';
import { isCancelled } from '../../text/errors.ts';
import { DISK_LATENCIES } from './cost-table.ts';

interface Request {
  readonly scenario: Scenario;
  readonly imageId: ImageId | null;
}

/** What the scenario costs in every cache mode, and the same workload with lazy refcounts the other way. */
export class Costs {
  rows = $state.raw<readonly CostRow[] | null>(null);
  /** The scenario with lazy refcounts off where it has them on, and the other way round. */
  counterpart = $state.raw<Recording | null>(null);
  error = $state.raw<unknown>(null);
  latencies = $state.raw<Latencies>(DISK_LATENCIES[1]);
  readonly #workbench: Workbench;
  #asked: Request | null = null;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** Measures once for each scenario. */
  async measure(request: Request): Promise<void> {
    if (this.#asked?.scenario === request.scenario && this.#asked.imageId === request.imageId) return;
    this.#asked = request;
    const { client } = this.#workbench.engine;
    try {
      const [rows, counterpart] = await Promise.all([
        client.call('lab.cost', request),
        client.call('lab.run', { ...request, scenario: withOtherRefcounts(request.scenario) }),
      ]);
      if (this.#asked !== request) return;
      this.rows = rows;
      this.counterpart = counterpart;
      this.error = null;
    } catch (error) {
      if (this.#asked === request && !isCancelled(error)) this.error = error;
    }
  }
}

export function withOtherRefcounts(scenario: Scenario): Scenario {
  return { ...scenario, image: { ...scenario.image, lazyRefcounts: !scenario.image.lazyRefcounts } };
}
