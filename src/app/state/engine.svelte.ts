import { connectToWorker, createClient, type Client, type RpcError } from '#rpc';
import type { ConsoleMethods, ImageMethods, LabMethods } from '#protocol';

export type WorkbenchMethods = ImageMethods & LabMethods & ConsoleMethods;
export type EngineClient = Pick<Client<WorkbenchMethods>, 'call'>;

/** The worker that holds the engine, and what is known of its health. */
export class Engine {
  #client = $state.raw<Client<WorkbenchMethods>>(startWorker());
  #death = $state.raw<RpcError | null>(null);

  constructor() {
    this.#watch();
  }

  get client(): EngineClient {
    return this.#client;
  }

  /** Why the worker is gone, or null while it runs. */
  get death(): RpcError | null {
    return this.#death;
  }

  restart(): void {
    this.#client.close();
    this.#client = startWorker();
    this.#death = null;
    this.#watch();
  }

  #watch(): void {
    const client = this.#client;
    client.onDeath((reason) => {
      if (client === this.#client) this.#death = reason;
    });
  }
}

function startWorker(): Client<WorkbenchMethods> {
  const worker = new Worker(new URL('../../worker/main.ts', import.meta.url), { type: 'module' });
  return createClient<WorkbenchMethods>(connectToWorker(worker));
}
