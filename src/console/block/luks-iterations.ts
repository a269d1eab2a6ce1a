import {
  EngineError,
  keyBytesOf,
  LUKS_DIGEST_SIZE,
  LUKS_ITERATIONS_MIN,
  type CipherSpec,
  type HashName,
} from '#engine';
import type { ConsoleHost } from '../host.ts';

/** What is measured, and what it is measured with. */
export type DerivingHost = Pick<ConsoleHost, 'now' | 'pbkdf2'>;

/** How long deriving a key from a passphrase shall take where nobody says so. */
export const ITER_TIME_DEFAULT = 2000;

const ITERATIONS_MAX = 2 ** 32 - 1;
const MEASURED_MS_MIN = 30;
const FIRST_ITERATIONS = 1024;
/** The digest of the master key takes an eighth of the time. */
const MASTER_KEY_SHARE = 8;

/** Rounds of key derivation that take this host about `milliseconds`. @throws EngineError where they are too many */
export async function slotIterations(
  host: DerivingHost,
  { spec, hash }: { readonly spec: CipherSpec; readonly hash: HashName },
  milliseconds: number,
): Promise<number> {
  return scaled(await iterationsPerMillisecond(host, hash, keyBytesOf(spec)), milliseconds);
}

/** Rounds of the master key's digest. */
export async function masterKeyIterations(host: DerivingHost, hash: HashName, milliseconds: number): Promise<number> {
  return scaled(await iterationsPerMillisecond(host, hash, LUKS_DIGEST_SIZE), milliseconds / MASTER_KEY_SHARE);
}

function scaled(rate: number, milliseconds: number): number {
  const iterations = Math.floor(rate * milliseconds);
  if (iterations > ITERATIONS_MAX) {
    throw new EngineError('invalid-argument', `PBKDF iterations ${iterations} larger than ${ITERATIONS_MAX}`);
  }
  return Math.max(iterations, LUKS_ITERATIONS_MIN);
}

/** Doubles the work until it takes long enough to be measured. */
async function iterationsPerMillisecond(host: DerivingHost, hash: HashName, length: number): Promise<number> {
  const password = new Uint8Array(16);
  const salt = new Uint8Array(32);
  for (let iterations = FIRST_ITERATIONS; ; iterations *= 2) {
    const start = host.now();
    await host.pbkdf2({ hash, password, salt, iterations, length });
    const elapsed = host.now() - start;
    if (elapsed >= MEASURED_MS_MIN) return iterations / elapsed;
  }
}
