import type { RpcPort } from './method.ts';

interface ConnectMessage {
  readonly kind: 'connect';
  /** The worker holds this lock as long as it lives. */
  readonly lifeLock: string;
}

/**
 * Opens a port of its own to a worker. Neither a `Worker` nor its ports say when the thread has ended, but the browser
 * then frees the locks that the thread held: the port gets its `close` event when the worker's lock becomes free.
 */
export function connectToWorker(worker: Worker): RpcPort {
  const { port1, port2 } = new MessageChannel();
  const message: ConnectMessage = { kind: 'connect', lifeLock: `worker ${crypto.randomUUID()}` };
  worker.postMessage(message, [port2]);
  worker.addEventListener('error', ({ message }) => port1.dispatchEvent(new ErrorEvent('error', { message })));
  const waitForDeath = () => navigator.locks.request(message.lifeLock, () => port1.dispatchEvent(new Event('close')));
  // The worker answers only when it holds the lock; asking for it earlier would get it.
  port1.addEventListener('message', waitForDeath, { once: true });
  return port1;
}

/** In the worker: calls `accept` with each port that {@link connectToWorker} sends. */
export function acceptPorts(scope: Pick<RpcPort, 'addEventListener'>, accept: (port: RpcPort) => void): void {
  scope.addEventListener('message', (event) => {
    const { data, ports } = event as MessageEvent<ConnectMessage | null>;
    const port = ports[0];
    if (data?.kind !== 'connect' || port === undefined) return;
    void navigator.locks.request(data.lifeLock, () => {
      accept(port);
      return new Promise(() => undefined); // held until the thread ends
    });
  });
}
