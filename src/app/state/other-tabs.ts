import type { ImageId } from '#protocol';

/** Other tabs with this page. Each tells the others which images it has changed. */
export class OtherTabs {
  readonly #channel = new BroadcastChannel('changed-images');
  /** What others have changed since it was last looked at here. */
  readonly #changed = new Set<ImageId>();
  readonly #onChanged: (ids: readonly ImageId[]) => void;

  constructor(onChanged: (ids: readonly ImageId[]) => void) {
    this.#onChanged = onChanged;
    this.#channel.addEventListener('message', (event: MessageEvent<readonly ImageId[]>) => {
      for (const id of event.data) this.#changed.add(id);
      this.#passOn();
    });
    document.addEventListener('visibilitychange', () => this.#passOn());
  }

  tell(changed: readonly ImageId[]): void {
    if (changed.length > 0) this.#channel.postMessage(changed);
  }

  /** A tab in the background waits until it is seen: what it read again would only be in the way of who works. */
  #passOn(): void {
    if (document.visibilityState === 'hidden' || this.#changed.size === 0) return;
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#onChanged(changed);
  }
}
