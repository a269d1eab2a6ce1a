import { LAB_VERDICTS, type CrashVerdict, type ImageId, type Recording, type Scenario } from '#protocol';
import type { Workbench } from '../../state/workbench.svelte.ts';
import { isCancelled } from '../../text/errors.ts';

/** The worst that a power cut at each moment of a recording can leave; a strip on the timeline. */
export class Survey {
  #result = $state.raw<{ readonly recording: Recording; readonly verdicts: readonly CrashVerdict[] } | null>(null);
  readonly #workbench: Workbench;
  #controller: AbortController | null = null;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  verdictsOf(recording: Recording | null): readonly CrashVerdict[] | null {
    return this.#result !== null && this.#result.recording === recording ? this.#result.verdicts : null;
  }

  async measure(recording: Recording, imageId: ImageId | null): Promise<void> {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    const request: { scenario: Scenario; imageId: ImageId | null } = { scenario: recording.scenario, imageId };
    try {
      const codes = await this.#workbench.engine.client.call('lab.survey', request, { signal: controller.signal });
      this.#result = { recording, verdicts: Array.from(codes, (code) => LAB_VERDICTS[code] ?? 'violation') };
    } catch (error) {
      // The strip is an extra: without it the lab works as well, and what is wrong shows in the crash itself.
      if (!isCancelled(error)) this.#result = null;
    }
  }

  cancel(): void {
    this.#controller?.abort();
  }
}
