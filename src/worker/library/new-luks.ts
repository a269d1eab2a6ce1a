import { ITER_TIME_DEFAULT, masterKeyIterations, randomSourceOf, slotIterations } from '#console';
import { createLuks, deriveWith, LUKS_DEFAULTS, type NewLuksVolume } from '#engine';
import { derive } from '../derive.ts';

const host = {
  now: () => performance.now(),
  pbkdf2: derive,
  randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
};

/** Makes the LUKS volume of a new image as `qemu-img create` does by default: its key takes this browser two seconds. */
export async function newLuks(passphrase: string): Promise<NewLuksVolume> {
  const options = {
    ...LUKS_DEFAULTS,
    iterations: await slotIterations(host, LUKS_DEFAULTS, ITER_TIME_DEFAULT),
    masterKeyIterations: await masterKeyIterations(host, LUKS_DEFAULTS.hash, ITER_TIME_DEFAULT),
  };
  return deriveWith(createLuks(options, new TextEncoder().encode(passphrase), randomSourceOf(host)), derive);
}
