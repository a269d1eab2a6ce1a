import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  deriveNow,
  isEngineError,
  LUKS_ITERATIONS_MIN,
  planSlotChange,
  readLuksVolume,
  unlockLuks,
  type SlotActivation,
  type SlotErasure,
} from '#engine';
import { newVolume, PASSPHRASE } from './new-volume.ts';

const OTHER = new TextEncoder().encode('furby');

/** A new volume in memory, and its changes as an image makes them: step after step. */
class TestVolume {
  readonly #made = newVolume();
  readonly bytes = new Uint8Array(this.#made.headerSize);
  stepsUntilCrash = Infinity;

  constructor() {
    this.bytes.set(this.#made.bytes);
  }

  readonly read = (at: number, into: Uint8Array) => into.set(this.bytes.subarray(at, at + into.length));

  change(change: SlotActivation | SlotErasure, force = false): void {
    const context = { masterKey: this.#made.masterKey, random: randomBytes, force };
    const steps = deriveNow(planSlotChange(readLuksVolume(this.read), this.read, change, context));
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

describe('key slots', LONG, () => {
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
