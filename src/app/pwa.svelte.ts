/** Offline use and updates: a new version is fetched beside the running one and waits until the user asks for it. */
export class Pwa {
  /** A new version is ready; `reload` switches to it. */
  isUpdateWaiting = $state(false);
  /** Everything is in the cache: the page works without a network from now on. */
  isOfflineReady = $state(false);

  #registration: ServiceWorkerRegistration | null = null;

  /** Called once when the page starts. Without a service worker (development) nothing happens. */
  async start(): Promise<void> {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
    const registration = await navigator.serviceWorker.register('./service-worker.js');
    this.#registration = registration;
    this.#look();
    registration.addEventListener('updatefound', () => {
      registration.installing?.addEventListener('statechange', () => this.#look());
    });
    // A page that stays open for days still learns of a new version when it is looked at again.
    document.addEventListener('visibilitychange', () => {
      // Offline is no error here: the next look will find it.
      if (document.visibilityState === 'visible') registration.update().catch(() => undefined);
    });
  }

  /** Starts the waiting version. Call it only when nothing unsaved is held by the page. */
  reload(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) return location.reload();
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.postMessage('take-over');
  }

  #look(): void {
    const { active, waiting } = this.#registration!;
    this.isOfflineReady = active !== null;
    // The very first version has nobody to wait for. Once true it stays: when another tab has switched to the new
    // version, this one still runs the old.
    this.isUpdateWaiting ||= waiting !== null && active !== null;
  }
}
