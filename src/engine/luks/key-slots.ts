import type { Deriving } from '../crypto/deriving.ts';
import { EngineError } from '../errors.ts';
import {
  encodeLuksHeader,
  LUKS_KEY_SLOT_COUNT,
  LUKS_SALT_SIZE,
  type LuksHeader,
  type LuksKeySlot,
} from '../format/luks-header.ts';
import type { RandomBytes } from './create.ts';
import { LUKS_STRIPES } from './layout.ts';
import { openSlot, sealKey, type LuksReader, type LuksVolume } from './volume.ts';

/** Opens the volume with one more passphrase. */
export interface SlotActivation {
  readonly kind: 'activate';
  /** null: the first one that is free. */
  readonly slot: number | null;
  readonly passphrase: Uint8Array;
  readonly iterations: number;
}

/** Shuts a slot, or all that a passphrase opens; with both, the slot only if the passphrase opens it. */
export interface SlotErasure {
  readonly kind: 'erase';
  readonly slot: number | null;
  readonly passphrase: Uint8Array | null;
}

export interface SlotChangeContext {
  readonly masterKey: Uint8Array;
  readonly random: RandomBytes;
  /** Also overwrite an active slot, and erase the last one, which loses the data for good. */
  readonly force: boolean;
}

/** What a disk writes whole or not at all. */
const SECTOR_SIZE = 512;

/** Bytes to be written, counting from the start of the header, and durable before the next step. */
export interface SlotStep extends VolumeWrite {
  /** The key slot that was to change. */
  readonly slot: number;
}

interface VolumeWrite {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Works out how to change the key slots of a volume.
 * @throws EngineError invalid-argument with QEMU's text
 */
export function* planSlotChange(
  volume: LuksVolume,
  read: LuksReader,
  change: SlotActivation | SlotErasure,
  context: SlotChangeContext,
): Deriving<readonly SlotStep[]> {
  if (change.kind === 'activate') return yield* activation(volume, change, context);
  const steps: SlotStep[] = [];
  let { header } = volume;
  for (const index of yield* slotsToErase(volume, read, change, context)) {
    steps.push(...forSlot(index, erasureSteps(header, index, context)));
    header = withSlot(header, index, SHUT);
  }
  return steps;
}

function* activation(
  volume: LuksVolume,
  { slot, passphrase, iterations }: SlotActivation,
  { masterKey, random, force }: SlotChangeContext,
): Deriving<SlotStep[]> {
  const { header } = volume;
  const index = slot ?? firstFree(volume);
  mustExist(index);
  if (isActive(volume, index) && !force) {
    throw refused(`Refusing to overwrite active keyslot ${index} - please erase it first`);
  }
  const salt = random(LUKS_SALT_SIZE);
  const noise = random(header.keyBytes * (LUKS_STRIPES - 1));
  const material = yield* sealKey(volume, { salt, iterations }, passphrase, { masterKey, noise });
  const opened: OpenedSlot = { state: 'active', iterations, salt };
  if (!isActive(volume, index)) return forSlot(index, activationSteps(header, index, opened, material));

  // The old key goes with the first byte of the new one. Meanwhile the new one opens another slot, where one is free: the
  // volume might have no other key. What is sealed does not depend on where it stands.
  const spare = header.keySlots.findIndex(({ state }) => state !== 'active');
  const withSpare = spare < 0 ? header : withSlot(header, spare, opened);
  const shut = withSlot(withSpare, index, SHUT);
  return forSlot(index, [
    ...(spare < 0 ? [] : activationSteps(header, spare, opened, material)),
    ...headerSteps(withSpare, shut),
    ...activationSteps(shut, index, opened, material),
    ...(spare < 0 ? [] : erasureSteps(withSlot(shut, index, opened), spare, { random })),
  ]);
}

function forSlot(slot: number, writes: readonly VolumeWrite[]): SlotStep[] {
  return writes.map((write) => ({ slot, ...write }));
}

type SlotState = Pick<LuksKeySlot, 'state' | 'iterations' | 'salt'>;
type OpenedSlot = SlotState & { readonly state: 'active' };

const SHUT: SlotState = { state: 'inactive', iterations: 0, salt: new Uint8Array(LUKS_SALT_SIZE) };

/** The slot must not be named before its key is there: in between, the header still says what it said. */
function activationSteps(header: LuksHeader, index: number, opened: OpenedSlot, material: Uint8Array): VolumeWrite[] {
  return [
    { at: header.keySlots[index]!.keyOffset, bytes: material },
    ...headerSteps(header, withSlot(header, index, opened)).reverse(),
  ];
}

function erasureSteps(header: LuksHeader, index: number, { random }: Pick<SlotChangeContext, 'random'>): VolumeWrite[] {
  return [
    ...headerSteps(header, withSlot(header, index, SHUT)),
    // One pass: where overwriting in place reaches the medium at all, more of them take away nothing more.
    { at: header.keySlots[index]!.keyOffset, bytes: random(header.keyBytes * LUKS_STRIPES) },
  ];
}

/**
 * The sectors of the header that change, first to last. A slot may lie across two of them: its state stands in the first,
 * which is the first to be written when it is shut and the last when it is opened. Torn, a slot that nothing opens would
 * count as active, and let the last key that does be erased.
 */
function headerSteps(before: LuksHeader, after: LuksHeader): VolumeWrite[] {
  const old = encodeLuksHeader(before);
  const bytes = encodeLuksHeader(after);
  const writes: VolumeWrite[] = [];
  for (let at = 0; at < bytes.length; at += SECTOR_SIZE) {
    const sector = bytes.subarray(at, at + SECTOR_SIZE);
    if (sector.some((byte, offset) => byte !== old[at + offset])) writes.push({ at, bytes: sector });
  }
  return writes;
}

function* slotsToErase(
  volume: LuksVolume,
  read: LuksReader,
  { slot, passphrase }: SlotErasure,
  { force }: SlotChangeContext,
): Deriving<number[]> {
  const active = volume.header.keySlots.flatMap((_, index) => (isActive(volume, index) ? [index] : []));
  if (slot !== null) {
    mustExist(slot);
    if (passphrase !== null && (yield* openSlot(volume, slot, read, passphrase)) === null) {
      throw refused(`Given keyslot ${slot} doesn't contain the given old password for erase operation`);
    }
    if (!force && !active.includes(slot)) throw refused(`Given keyslot ${slot} is already erased (inactive) `);
    if (!force && active.length === 1) {
      throw refused(
        `Attempt to erase the only active keyslot ${slot} which will erase all the data in the image irreversibly - refusing operation`,
      );
    }
    return [slot];
  }
  if (passphrase === null) {
    throw refused(
      'To erase keyslot(s), either explicit keyslot index or the password currently contained in them must be given',
    );
  }
  const opened: number[] = [];
  for (const index of active) {
    if ((yield* openSlot(volume, index, read, passphrase)) !== null) opened.push(index);
  }
  if (opened.length === 0) throw refused('No keyslots match given (old) password for erase operation');
  if (!force && opened.length === active.length) {
    throw refused(
      'All the active keyslots match the (old) password that was given and erasing them will erase all the data in the image irreversibly - refusing operation',
    );
  }
  return opened;
}

function withSlot(header: LuksHeader, index: number, change: SlotState): LuksHeader {
  return { ...header, keySlots: header.keySlots.with(index, { ...header.keySlots[index]!, ...change }) };
}

function firstFree(volume: LuksVolume): number {
  const index = volume.header.keySlots.findIndex(({ state }) => state !== 'active');
  if (index < 0) throw refused("Can't add a keyslot - all keyslots are in use");
  return index;
}

function isActive(volume: LuksVolume, index: number): boolean {
  return volume.header.keySlots[index]!.state === 'active';
}

function mustExist(index: number): void {
  if (index >= 0 && index < LUKS_KEY_SLOT_COUNT) return;
  throw refused(`Invalid keyslot ${index} specified, must be between 0 and ${LUKS_KEY_SLOT_COUNT - 1}`);
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
