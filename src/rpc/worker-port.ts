import type { RpcPort } from './method.ts';

/**
 * Opens a port of its own to a worker. A `Worker` object never says that its thread has ended, a port does; script
 * errors at the start are passed on from the worker.
 */
export function connectToWorker(worker: Worker): RpcPort {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ kind: 'connect' }, [port2]);
  worker.addEventListener('error', (event) => {
    port1.dispatchEvent(new ErrorEvent('error', { message: event.message }));
  });
  return port1;
}

/** In the worker: calls `accept` with each port that {@link connectToWorker} sends. */
export function acceptPorts(scope: Pick<RpcPort, 'addEventListener'>, accept: (port: RpcPort) => void): void {
  scope.addEventListener('message', (event) => {
    const { data, ports } = event as MessageEvent<{ kind?: unknown } | null>;
    if (data?.kind === 'connect' && ports[0] !== undefined) accept(ports[0]);
  });
}
