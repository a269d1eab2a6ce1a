import type { WireFailure } from './method.ts';

/**
 * A call that failed. `code` is the thrown error's own stable code where it has one; the codes of this layer are
 *
 * | code | meaning |
 * |---|---|
 * | cancelled | the caller gave up |
 * | worker-died | the far side is gone; nothing will be answered any more |
 * | unknown-method | the far side does not offer it |
 * | bug | something was thrown that nobody foresaw |
 */
export class RpcError extends Error {
  readonly code: string;
  /** A second sentence: what can be done. */
  readonly hint: string | null;
  readonly farStack: string | null;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; hint?: string | null; farStack?: string | null } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'RpcError';
    this.code = code;
    this.hint = options.hint ?? null;
    this.farStack = options.farStack ?? null;
  }
}

export function isRpcError(error: unknown, code?: string): error is RpcError {
  return error instanceof RpcError && (code === undefined || error.code === code);
}

/** What crosses the wire of anything thrown: errors lose their class when cloned, so their parts are sent. */
export function toWire(thrown: unknown): WireFailure {
  if (!(thrown instanceof Error)) return { code: 'bug', message: String(thrown), hint: null, stack: null };
  const { code, hint } = thrown as { code?: unknown; hint?: unknown };
  return {
    // A DOMException has a number for a code, which says less than nothing.
    code: typeof code === 'string' ? code : 'bug',
    message: thrown.message,
    hint: typeof hint === 'string' ? hint : null,
    stack: thrown.stack ?? null,
  };
}

export function fromWire({ code, message, hint, stack }: WireFailure): RpcError {
  return new RpcError(code, message, { hint, farStack: stack });
}
