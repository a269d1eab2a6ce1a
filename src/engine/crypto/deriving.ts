import { pbkdf2 as noblePbkdf2 } from '@noble/hashes/pbkdf2.js';
import { hashFunction, type HashName } from './hashes.ts';

/** A key to be derived from a password: RFC 8018, "PBKDF2", with HMAC of a hash. */
export interface Pbkdf2Request {
  readonly hash: HashName;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** Bytes of the derived key. */
  readonly length: number;
}

/**
 * Work that needs keys derived. Deriving is slow on purpose, and hosts do it much faster than a script can (Node at once,
 * browsers asynchronously), so whoever drives the work answers each request.
 */
export type Deriving<T> = Generator<Pbkdf2Request, T, Uint8Array>;

/** Drives the work with keys derived at once; by default in script. */
export function deriveNow<T>(work: Deriving<T>, pbkdf2: (request: Pbkdf2Request) => Uint8Array = pbkdf2InScript): T {
  let step = work.next();
  while (step.done !== true) step = work.next(pbkdf2(step.value));
  return step.value;
}

/** Drives the work with keys that the host derives in its own time. */
export async function deriveWith<T>(
  work: Deriving<T>,
  pbkdf2: (request: Pbkdf2Request) => Promise<Uint8Array>,
): Promise<T> {
  let step = work.next();
  while (step.done !== true) step = work.next(await pbkdf2(step.value));
  return step.value;
}

export function pbkdf2InScript({ hash, password, salt, iterations, length }: Pbkdf2Request): Uint8Array {
  return noblePbkdf2(hashFunction(hash), password, salt, { c: iterations, dkLen: length });
}
