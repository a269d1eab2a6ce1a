import { fromWire, RpcError } from './error.ts';
import type { MethodName, MethodTable, Reply, Request, RpcPort } from './method.ts';

export interface CallOptions<Progress> {
  /** Aborting asks the far side to stop; the call then ends with code `cancelled` once it has stopped. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Moved to the far side instead of being copied. */
  readonly transfer?: Transferable[];
}

type CallArguments<Input, Progress> = undefined extends Input
  ? [input?: undefined, options?: CallOptions<Progress>]
  : [input: Input, options?: CallOptions<Progress>];

export interface Client<M extends MethodTable<M>> {
  call<K extends MethodName<M>>(
    method: K,
    ...args: CallArguments<M[K]['input'], M[K]['progress']>
  ): Promise<M[K]['output']>;
  /** Settles when the far side has started to serve; rejects if it dies before. */
  readonly ready: Promise<void>;
  readonly isDead: boolean;
  /** Called once when the far side is gone, at once if it already is. Returns a function that stops listening. */
  onDeath(listener: (reason: RpcError) => void): () => void;
  /** Ends the conversation: pending calls reject with `worker-died`, and the far side stops what it was doing. */
  close(reason?: string): void;
}

interface PendingCall {
  resolve(output: unknown): void;
  reject(error: RpcError): void;
  onProgress: ((progress: never) => void) | undefined;
  stopListening(): void;
}

/** Calls the methods that {@link serve} offers at the other end of `port`. */
export function createClient<M extends MethodTable<M>>(port: RpcPort): Client<M> {
  const pending = new Map<number, PendingCall>();
  const deathListeners = new Set<(reason: RpcError) => void>();
  let lastCall = 0;
  let death: RpcError | null = null;
  let isReady = false;
  let markReady = () => {};
  let markStillborn: (reason: RpcError) => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    markReady = resolve;
    markStillborn = reject;
  });
  ready.catch(() => undefined); // whoever waits for it hears of it; nobody has to

  const listeners: Record<string, (event: Event) => void> = {
    message: (event) => receive((event as MessageEvent<Reply>).data),
    messageerror: () => die('A message could not be read.'),
    // A port's far end was closed or its thread has ended.
    close: () => die('The worker has ended.'),
    // A worker's script could not be loaded or threw while starting. Later uncaught errors do not end a worker.
    error: (event) => {
      if (!isReady) die(`The worker could not start. ${(event as ErrorEvent).message ?? ''}`.trim());
    },
  };
  for (const [type, listener] of Object.entries(listeners)) port.addEventListener(type, listener);
  port.start?.();

  return {
    call(method, ...[input, options = {}]) {
      return new Promise((resolve, reject) => {
        const { signal, onProgress, transfer = [] } = options;
        if (death !== null) return reject(death);
        if (signal?.aborted) return reject(new RpcError('cancelled', 'Cancelled before it began.'));
        const call = ++lastCall;
        const cancel = () => send({ kind: 'cancel', call });
        send({ kind: 'call', call, method, input }, transfer); // throws where the input cannot be cloned
        signal?.addEventListener('abort', cancel);
        const stopListening = () => signal?.removeEventListener('abort', cancel);
        pending.set(call, { resolve: resolve as (output: unknown) => void, reject, onProgress, stopListening });
      });
    },
    ready,
    get isDead() {
      return death !== null;
    },
    onDeath(listener) {
      if (death !== null) listener(death);
      else deathListeners.add(listener);
      return () => deathListeners.delete(listener);
    },
    close(reason = 'The connection to the worker was closed.') {
      if (death !== null) return;
      send({ kind: 'goodbye' });
      die(reason);
    },
  };

  function send(request: Request, transfer: Transferable[] = []): void {
    port.postMessage(request, transfer);
  }

  function receive(reply: Reply): void {
    if (reply.kind === 'ready') {
      isReady = true;
      return markReady();
    }
    if (reply.kind === 'goodbye') return die('The worker has stopped serving.');
    const call = pending.get(reply.call);
    if (call === undefined) return;
    if (reply.kind === 'progress') return call.onProgress?.(reply.progress as never);
    pending.delete(reply.call);
    call.stopListening();
    if (reply.kind === 'result') call.resolve(reply.output);
    else call.reject(fromWire(reply.failure));
  }

  function die(message: string): void {
    if (death !== null) return;
    death = new RpcError('worker-died', message);
    for (const [type, listener] of Object.entries(listeners)) port.removeEventListener(type, listener);
    port.close?.();
    markStillborn(death);
    for (const call of pending.values()) {
      call.stopListening();
      call.reject(death);
    }
    pending.clear();
    for (const listener of deathListeners) listener(death);
    deathListeners.clear();
  }
}
