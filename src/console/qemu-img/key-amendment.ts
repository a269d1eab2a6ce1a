import {
  deriveWith,
  planSlotChange,
  type LuksReader,
  type SlotActivation,
  type SlotErasure,
  type SlotStep,
  type UnlockedLuks,
} from '#engine';
import { ITER_TIME_DEFAULT, slotIterations } from '../block/luks-iterations.ts';
import { secretNamed } from '../options/secrets.ts';
import { strerror } from '../text/strerror.ts';
import { randomSourceOf } from '../random-source.ts';
import type { CreateValues } from './create-options.ts';
import { ImgFailure } from './failure.ts';
import type { Invocation } from './invocation.ts';

/**
 * What the options `state`, `keyslot`, … of an amendment do to the key slots of a volume.
 * @throws ImgFailure, EngineError; with QEMU's texts
 */
export async function planKeyAmendment(
  invocation: Invocation,
  { volume, masterKey }: UnlockedLuks,
  read: LuksReader,
  { values, prefix }: { readonly values: CreateValues; readonly prefix: '' | 'encrypt.' },
): Promise<readonly SlotStep[]> {
  const { host } = invocation;
  const option = (name: string) => values.get(prefix + name);
  const secret = (name: string) => {
    const id = option(name);
    return id === undefined ? null : secretNamed(invocation.objects, id);
  };
  const state = option('state');
  if (state === undefined) throw new ImgFailure("Parameter 'state' is missing");
  if (state !== 'active' && state !== 'inactive') {
    throw new ImgFailure(`Parameter 'state' does not accept value '${state}'`);
  }
  const slot = option('keyslot') === undefined ? null : Number(option('keyslot'));
  const iterTime = option('iter-time');
  let change: SlotActivation | SlotErasure;
  if (state === 'active') {
    if (option('new-secret') === undefined) throw new ImgFailure("'new-secret' is required to activate a keyslot");
    if (option('old-secret') !== undefined) {
      throw new ImgFailure("'old-secret' must not be given when activating keyslots");
    }
    const passphrase = secret('new-secret')!;
    const iterations = await slotIterations(host, volume, Number(iterTime ?? ITER_TIME_DEFAULT));
    change = { kind: 'activate', slot, passphrase, iterations };
  } else {
    if (option('new-secret') !== undefined) {
      throw new ImgFailure("'new-secret' must not be given when erasing keyslots");
    }
    if (iterTime !== undefined) throw new ImgFailure("'iter-time' must not be given when erasing keyslots");
    change = { kind: 'erase', slot, passphrase: secret('old-secret') };
  }
  const context = {
    masterKey,
    random: randomSourceOf(host),
    force: invocation.has('force'),
  };
  return deriveWith(planSlotChange(volume, read, change, context), (request) => host.pbkdf2(request));
}

/** What is said of a step that could not be written; QEMU says of an image that its header could not be read. */
export function slotFailure(what: string, { slot }: SlotStep, error: unknown): ImgFailure {
  return new ImgFailure(`${what}: ${strerror(error)}`, { hints: [`Failed to write to keyslot ${slot}`] });
}
