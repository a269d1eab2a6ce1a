import { applyDamage, type Damage } from './damage.ts';
import type { FuzzCase } from './fuzz-case.ts';
import { layoutOf } from './regions.ts';

/** Attempts for one failing case; each is a whole run. */
const ATTEMPTS_MAX = 300;

/** A failing case with less in it: only the changes that it takes, of these only the bytes, and no data that does not matter. */
export function shrink(failing: FuzzCase, fails: (bytes: Uint8Array) => boolean): FuzzCase {
  let attemptsLeft = ATTEMPTS_MAX;
  let best = failing;

  const isBetter = (sound: Uint8Array, damages: readonly Damage[]): boolean => {
    if (attemptsLeft === 0) return false;
    attemptsLeft -= 1;
    const bytes = applyDamage(sound, damages);
    if (!fails(bytes)) return false;
    best = { ...best, sound, damages, bytes };
    return true;
  };

  for (let index = best.damages.length - 1; index >= 0 && best.damages.length > 1; index--) {
    isBetter(best.sound, best.damages.toSpliced(index, 1));
  }
  for (const [index, damage] of best.damages.entries()) {
    if (damage.kind === 'write') narrow(index, damage);
  }
  for (const { role, at, length } of layoutOf(failing.sound)?.regions ?? []) {
    if (role !== 'data') continue;
    const emptier = best.sound.slice().fill(0, at, at + length);
    isBetter(emptier, best.damages);
  }
  return best;

  /** Halves what a change writes, from either end, as long as that fails too. */
  function narrow(index: number, damage: Damage & { readonly kind: 'write' }): void {
    let { at, bytes } = damage;
    for (let isSmaller = true; isSmaller && bytes.length > 1;) {
      const half = Math.ceil(bytes.length / 2);
      isSmaller = [
        { at, bytes: bytes.subarray(0, half) },
        { at: at + half, bytes: bytes.subarray(half) },
      ].some((smaller) => {
        if (!isBetter(best.sound, best.damages.with(index, { ...damage, ...smaller }))) return false;
        ({ at, bytes } = smaller);
        return true;
      });
    }
  }
}
