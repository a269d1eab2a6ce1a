/** What a table of remote procedures must look like; any interface of `{ input, output, progress }` rows does. */
export type MethodTable<M> = { [K in keyof M]: MethodRow };

export interface MethodRow {
  input: unknown;
  output: unknown;
  progress: unknown;
}

export type MethodName<M> = Extract<keyof M, string>;

/** The two ends of a conversation: a `Worker`, a worker's own scope or a `MessagePort`, in the browser or in Node. */
export interface RpcPort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  /** A `MessagePort` delivers nothing before it is started. */
  start?(): void;
  close?(): void;
}

/** What the client sends. */
export type Request =
  | { readonly kind: 'call'; readonly call: number; readonly method: string; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly call: number }
  | { readonly kind: 'goodbye' };

/** What the server sends. `call` names the request that is answered. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly call: number; readonly progress: unknown }
  | { readonly kind: 'result'; readonly call: number; readonly output: unknown }
  | { readonly kind: 'failure'; readonly call: number; readonly failure: WireFailure }
  | { readonly kind: 'goodbye' };

export interface WireFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** The stack on the far side, for the console. */
  readonly stack: string | null;
}
