import { Random } from '../tools/random.ts';
import { applyDamage, makeDamage, type Damage } from './damage.ts';
import { exercise, Violation, type Exercised } from './exercise.ts';
import { shrink } from './shrink.ts';
import { makeSoundImage } from './sound-image.ts';

/** One image of the fuzzer: what it was, what was done to it, and the bytes that came out. */
export interface FuzzCase {
  readonly seed: number;
  readonly name: string;
  readonly sound: Uint8Array;
  readonly damages: readonly Damage[];
  readonly bytes: Uint8Array;
}

/** The same seed makes the same case. */
export function makeCase(seed: number): FuzzCase {
  const random = new Random(seed);
  const { name, bytes: sound } = makeSoundImage(random);
  const damages = makeDamage(random, sound);
  return { seed, name, sound, damages, bytes: applyDamage(sound, damages) };
}

/** One after the other, so that only one image is in memory. */
export function* casesOf(seeds: Iterable<number>): Generator<FuzzCase> {
  for (const seed of seeds) yield makeCase(seed);
}

export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/**
 * Exercises the engine with a case.
 * @throws Error with everything that repeats a violation, the case as small as it could be made
 */
export function runCase(one: FuzzCase): Exercised {
  try {
    return exercise(one.bytes, one.seed);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const smallest = shrink(one, (bytes) => violationOf(bytes, one.seed)?.step === error.step);
    const violation = violationOf(smallest.bytes, one.seed) ?? error;
    throw new Error(`${textOfCase(smallest)}\n${violation.message}`, { cause: error });
  }
}

function violationOf(bytes: Uint8Array, seed: number): Violation | null {
  try {
    exercise(bytes, seed);
    return null;
  } catch (error) {
    return error instanceof Violation ? error : null;
  }
}

export function textOfCase({ seed, name, damages }: FuzzCase): string {
  return [`seed ${seed}: ${name}`, ...damages.map((damage) => `  ${textOf(damage)}`)].join('\n');
}

function textOf(damage: Damage): string {
  if (damage.kind === 'resize') return `${damage.what} := ${damage.size}`;
  const shown = Array.from(damage.bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `at ${damage.at}: ${damage.what} [${shown}${damage.bytes.length > 16 ? '…' : ''}]`;
}
