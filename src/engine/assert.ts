/** Stops on a bug of ours: `claim` must hold whatever the image or the caller does. */
export function assert(claim: unknown, what: string): asserts claim {
  if (!claim) throw new Error(`Bug in the engine: ${what}`);
}

/** Makes a `switch` over a union exhaustive. */
export function assertNever(value: never): never {
  throw new Error(`Bug in the engine: unexpected ${JSON.stringify(value)}`);
}
