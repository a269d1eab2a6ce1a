import { RpcError, toWire } from './error.ts';
import type { MethodName, MethodTable, Reply, Request, RpcPort } from './method.ts';
import { runInSlices } from './slices.ts';

/** What a handler has besides its input. */
export interface CallContext<Progress> {
  /** Aborted when the caller cancels or is gone. */
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
  /** Moves these buffers to the caller with the result instead of copying them. */
  transfer(...buffers: Transferable[]): void;
  /** Drives a long operation in time slices; its progress goes to the caller, its end comes when the caller cancels. */
  run<Output>(task: Generator<Progress, Output, void>): Promise<Output>;
}

export type Handler<Input, Output, Progress> = (
  input: Input,
  context: CallContext<Progress>,
) => Output | Promise<Output> | Generator<Progress, Output, void>;

export type Handlers<M extends MethodTable<M>> = {
  readonly [K in keyof M]: Handler<M[K]['input'], M[K]['output'], M[K]['progress']>;
};

export interface Server {
  /** Cancels what runs and tells the client that nothing more will come. */
  close(): void;
}

/**
 * Answers the calls that come in through `port`. The handlers may come later: calls wait for them, and fail with the
 * reason why they never will.
 */
export function serve<M extends MethodTable<M>>(port: RpcPort, handlers: Handlers<M> | Promise<Handlers<M>>): Server {
  const running = new Map<number, AbortController>();
  if (handlers instanceof Promise) handlers.catch(() => undefined); // every call reports it
  const onMessage = (event: Event) => receive((event as MessageEvent<Request>).data);
  const onClose = () => end();
  port.addEventListener('message', onMessage);
  port.addEventListener('close', onClose);
  port.start?.();
  reply({ kind: 'ready' });

  return {
    close() {
      reply({ kind: 'goodbye' });
      end();
    },
  };

  function receive(request: Request): void {
    switch (request.kind) {
      case 'call':
        return void answer(request.call, request.method as MethodName<M>, request.input);
      case 'cancel':
        return running.get(request.call)?.abort();
      case 'goodbye':
        return end();
    }
  }

  async function answer(call: number, method: MethodName<M>, input: unknown): Promise<void> {
    const controller = new AbortController();
    const transfers: Transferable[] = [];
    running.set(call, controller);
    try {
      const output = await perform(method, input, contextOf(call, controller.signal, transfers));
      if (running.has(call)) reply({ kind: 'result', call, output }, transfers);
    } catch (thrown) {
      if (running.has(call)) reply({ kind: 'failure', call, failure: toWire(thrown) });
    } finally {
      running.delete(call);
    }
  }

  async function perform<K extends MethodName<M>>(
    method: K,
    input: unknown,
    context: CallContext<M[K]['progress']>,
  ): Promise<M[K]['output']> {
    const table = await handlers;
    if (!Object.hasOwn(table, method)) throw new RpcError('unknown-method', `There is no method '${method}'.`);
    const started = table[method](input as M[K]['input'], context);
    return isGenerator<M[K]['progress'], M[K]['output']>(started) ? context.run(started) : started;
  }

  function contextOf<Progress>(call: number, signal: AbortSignal, transfers: Transferable[]): CallContext<Progress> {
    const progress = (value: Progress) => {
      if (running.has(call)) reply({ kind: 'progress', call, progress: value });
    };
    return {
      signal,
      progress,
      transfer: (...buffers) => void transfers.push(...buffers),
      run: (task) => runInSlices(task, { signal, onProgress: progress }),
    };
  }

  function reply(message: Reply, transfer: Transferable[] = []): void {
    port.postMessage(message, transfer);
  }

  function end(): void {
    port.removeEventListener('message', onMessage);
    port.removeEventListener('close', onClose);
    for (const controller of running.values()) controller.abort();
    running.clear();
    port.close?.();
  }
}

function isGenerator<Progress, Output>(value: unknown): value is Generator<Progress, Output, void> {
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<Iterator<unknown>>).next === 'function'
  );
}
