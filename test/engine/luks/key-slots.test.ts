import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  deriveNow,
  isEngineError,
  LUKS_ITERATIONS_MIN,
  openSlot,
  planSlotChange,
  readLuksVolume,
  unlockLuks,
  type Deriving,
  type SlotActivation,
  type SlotErasure,
  type SlotStep,
} from '#engine';
import { newVolume, PASSPHRASE } from './new-volume.ts';

const OTHER = new TextEncoder().encode('furby');

/** A new volume in memory, and its changes as an image makes them: step after step. */
class TestVolume {
  readonly #made = newVolume();
  readonly bytes = new Uint8Array(this.#made.headerSize);
  stepsUntilCrash = Infinity;
  latestSteps: readonly SlotStep[] = [];

  constructor() {
    this.bytes.set(this.#made.bytes);
  }

  readonly read = (at: number, into: Uint8Array) => into.set(this.bytes.subarray(at, at + into.length));

  change(change: SlotActivation | SlotErasure, force = false): void {
    const context = { masterKey: this.#made.masterKey, random: randomBytes, force };
    const steps = deriveQuickly(planSlotChange(readLuksVolume(this.read), this.read, change, context));
    this.latestSteps = steps;
    for (const { at, bytes } of steps.slice(0, this.stepsUntilCrash)) this.bytes.set(bytes, at);
  }

  add(passphrase: Uint8Array, slot: number | null = null, force = false): void {
    this.change({ kind: 'activate', slot, passphrase, iterations: LUKS_ITERATIONS_MIN }, force);
  }

  erase(slot: number | null, passphrase: Uint8Array | null = null, force = false): void {
    this.change({ kind: 'erase', slot, passphrase }, force);
  }

  opensWith(passphrase: Uint8Array): boolean {
    try {
      const key = deriveNow(unlockLuks(readLuksVolume(this.read), this.read, passphrase));
      expect(Buffer.compare(key, this.#made.masterKey)).toBe(0);
      return true;
    } catch (error) {
      if (isEngineError(error, 'passphrase')) return false;
      throw error;
    }
  }
}

/** With Node's derivation of keys: many are needed here. */
function deriveQuickly<T>(work: Deriving<T>): T {
  return deriveNow(work, ({ hash, password, salt, iterations, length }) =>
    pbkdf2Sync(password, salt, iterations, length, hash),
  );
}

/** What a crash can leave: the steps before it, and of the one under way any sector or all but one (first and last tried). */
function* crashes(start: Uint8Array, steps: readonly SlotStep[]): Generator<[Uint8Array, string]> {
  const durable = start.slice();
  for (const [index, { at, bytes }] of steps.entries()) {
    const last = Math.floor((bytes.length - 1) / SECTOR);
    const parts: readonly [string, (sector: number) => boolean][] = [
      ['nothing', () => false],
      ['the first sector', (sector) => sector === 0],
      ['the last sector', (sector) => sector === last],
      ['all but the first sector', (sector) => sector !== 0],
      ['all but the last sector', (sector) => sector !== last],
    ];
    for (const [name, isWritten] of parts) {
      const crashed = durable.slice();
      for (let sector = 0; sector <= last; sector++) {
        const part = bytes.subarray(sector * SECTOR, (sector + 1) * SECTOR);
        if (isWritten(sector)) crashed.set(part, at + sector * SECTOR);
      }
      yield [crashed, `step ${index} of ${steps.length}, of which ${name} was written`];
    }
    durable.set(bytes, at);
  }
}

/** For each slot in use the passphrase that opens it, or null. */
function openedSlots(bytes: Uint8Array): (Uint8Array | null)[] {
  const read = (at: number, into: Uint8Array) => into.set(bytes.subarray(at, at + into.length));
  const volume = readLuksVolume(read);
  return volume.header.keySlots.flatMap(({ state, salt, keyOffset, stripes }, index) => {
    if (state !== 'active') return [];
    const material = bytes.subarray(keyOffset, keyOffset + volume.header.keyBytes * stripes);
    const id = createHash('sha1').update(volume.header.masterKeyDigest).update(salt).update(material).digest('hex');
    if (!openedBy.has(id)) {
      const keys = [PASSPHRASE, OTHER, THIRD];
      openedBy.set(id, keys.find((key) => deriveQuickly(openSlot(volume, index, read, key)) !== null) ?? null);
    }
    return [openedBy.get(id) ?? null];
  });
}

/** What was found out before, by a digest of all that it follows from: most crashes leave most slots alone. */
const openedBy = new Map<string, Uint8Array | null>();

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isEngineError(error)) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

/** Deriving keys takes time, on a machine that is busy. */
const LONG = { timeout: 60_000 };

const THIRD = new TextEncoder().encode('platypus');
const SECTOR = 512;

interface Change {
  readonly title: string;
  readonly prepare: (volume: TestVolume) => void;
  readonly run: (volume: TestVolume) => void;
  /** Passphrases that open the volume before and after: those in both always do, and one of them all at any time. */
  readonly before: readonly Uint8Array[];
  readonly after: readonly Uint8Array[];
}

const CHANGES: readonly Change[] = [
  ...[0, 5, 6, 7].map((slot) => ({
    title: `a key in slot ${slot}`,
    prepare: (volume: TestVolume) => {
      volume.add(OTHER, 1);
      if (slot === 0) volume.erase(0);
    },
    run: (volume: TestVolume) => volume.add(THIRD, slot),
    before: slot === 0 ? [OTHER] : [PASSPHRASE, OTHER],
    after: slot === 0 ? [OTHER, THIRD] : [PASSPHRASE, OTHER, THIRD],
  })),
  ...[1, 6].map((slot) => ({
    title: `no key in slot ${slot} any more`,
    prepare: (volume: TestVolume) => volume.add(OTHER, slot),
    run: (volume: TestVolume) => volume.erase(null, OTHER),
    before: [PASSPHRASE, OTHER],
    after: [PASSPHRASE],
  })),
  {
    title: 'another key in the only slot',
    prepare: () => undefined,
    run: (volume) => volume.add(OTHER, 0, true),
    before: [PASSPHRASE],
    after: [OTHER],
  },
  {
    title: 'another key in the only slot, which lies across two sectors',
    prepare: (volume) => {
      volume.add(OTHER, 6);
      volume.erase(0);
    },
    run: (volume) => volume.add(THIRD, 6, true),
    before: [OTHER],
    after: [THIRD],
  },
  {
    title: 'another key where all slots are in use',
    prepare: (volume) => {
      for (let slot = 1; slot < 8; slot++) volume.add(OTHER, slot);
    },
    run: (volume) => volume.add(THIRD, 0, true),
    before: [PASSPHRASE, OTHER],
    after: [OTHER, THIRD],
  },
];

describe('key slots', LONG, () => {
  it.each(CHANGES)(
    'at a crash on the way to $title: a key opens the volume, and each slot in use is opened by one',
    ({ prepare, run, before, after }) => {
      const volume = new TestVolume();
      prepare(volume);
      const start = volume.bytes.slice();
      run(volume);
      for (const [crashed, how] of crashes(start, volume.latestSteps)) {
        const opening = openedSlots(crashed);
        const opens = (key: Uint8Array) => opening.includes(key);
        expect(opening, `${how}: slots in use that nothing opens`).not.toContain(null);
        const kept = before.filter((key) => after.includes(key));
        expect(kept.every(opens), `${how}: a key that stays`).toBe(true);
        if (kept.length === 0) expect([...before, ...after].some(opens), `${how}: any key`).toBe(true);
      }
      expect(new Set(openedSlots(volume.bytes))).toEqual(new Set(after));
    },
  );

  it('open the volume with each passphrase, until it is erased', () => {
    const volume = new TestVolume();
    expect(volume.opensWith(OTHER)).toBe(false);
    volume.add(OTHER);
    expect([volume.opensWith(PASSPHRASE), volume.opensWith(OTHER)]).toEqual([true, true]);
    volume.erase(0);
    expect([volume.opensWith(PASSPHRASE), volume.opensWith(OTHER)]).toEqual([false, true]);
    volume.add(PASSPHRASE, 7);
    volume.erase(null, OTHER);
    expect([volume.opensWith(PASSPHRASE), volume.opensWith(OTHER)]).toEqual([true, false]);
  });

  it('leave nothing of an erased key', () => {
    const volume = new TestVolume();
    volume.add(OTHER);
    const { keyOffset } = readLuksVolume(volume.read).header.keySlots[0]!;
    const before = volume.bytes.slice(keyOffset, keyOffset + 64 * 4000);
    volume.erase(0);
    const after = volume.bytes.slice(keyOffset, keyOffset + 64 * 4000);
    // Random bytes agree in one of 256 places; more than twice as many would be what was left.
    expect(after.filter((byte, at) => byte === before[at]).length).toBeLessThan(before.length / 128);
  });

  it('stay as they were when the power fails before the header names the new key', () => {
    const volume = new TestVolume();
    volume.stepsUntilCrash = 1;
    volume.add(OTHER);
    expect([volume.opensWith(PASSPHRASE), volume.opensWith(OTHER)]).toEqual([true, false]);
  });

  it('are not overwritten, and the last one not erased, without force', () => {
    const volume = new TestVolume();
    expect(messageOf(() => volume.add(OTHER, 0))).toBe(
      'Refusing to overwrite active keyslot 0 - please erase it first',
    );
    expect(messageOf(() => volume.erase(0))).toContain('Attempt to erase the only active keyslot 0');
    expect(messageOf(() => volume.erase(null, PASSPHRASE))).toContain('All the active keyslots match');
    expect(volume.opensWith(PASSPHRASE)).toBe(true);
    volume.add(OTHER, 0, true);
    expect([volume.opensWith(PASSPHRASE), volume.opensWith(OTHER)]).toEqual([false, true]);
    volume.erase(0, null, true);
    expect(volume.opensWith(OTHER)).toBe(false);
  });

  it('refuse what cannot be', () => {
    const volume = new TestVolume();
    expect(messageOf(() => volume.add(OTHER, 8))).toBe('Invalid keyslot 8 specified, must be between 0 and 7');
    expect(messageOf(() => volume.erase(1))).toBe('Given keyslot 1 is already erased (inactive) ');
    expect(messageOf(() => volume.erase(0, OTHER))).toContain("doesn't contain the given old password");
    expect(messageOf(() => volume.erase(null, OTHER))).toBe(
      'No keyslots match given (old) password for erase operation',
    );
    expect(messageOf(() => volume.erase(null))).toContain('either explicit keyslot index or the password');
    for (let slot = 1; slot < 8; slot++) volume.add(OTHER);
    expect(messageOf(() => volume.add(OTHER))).toBe("Can't add a keyslot - all keyslots are in use");
  });
});
