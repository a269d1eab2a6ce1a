import type { ImageId } from '#protocol';
import { ImageState } from './image.svelte.ts';
import type { Workbench } from './workbench.svelte.ts';

/** What has been learnt of each image that was looked at, so that going back to it is instant. */
export class Images {
  // A state is made on first use and never replaced while somebody shows it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #states = new Map<ImageId, ImageState>();
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get(id: ImageId): ImageState {
    let state = this.#states.get(id);
    if (state === undefined) {
      state = new ImageState(id, this.#workbench);
      this.#states.set(id, state);
    }
    return state;
  }

  /** The state of an image that was looked at since the page started. */
  known(id: ImageId): ImageState | null {
    return this.#states.get(id) ?? null;
  }

  /** Images were changed by somebody else; what could not be shown while they were in use is tried again too. */
  reload(changed: readonly ImageId[]): void {
    for (const state of this.#states.values()) {
      const hasFailed = state.error !== null || state.guestMapError !== null;
      if (changed.includes(state.id) || hasFailed) state.reload();
    }
  }

  forget(id: ImageId): void {
    this.#states.delete(id);
  }

  forgetAll(): void {
    this.#states.clear();
  }
}
