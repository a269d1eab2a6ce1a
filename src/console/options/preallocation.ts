import type { Preallocation } from '#engine';

/** By their names on the command line. */
export const PREALLOCATION_MODES: readonly Preallocation[] = ['off', 'metadata', 'falloc', 'full'];

/** A preallocation mode by its name on the command line, or null. */
export function parsePreallocation(text: string): Preallocation | null {
  return PREALLOCATION_MODES.find((mode) => mode === text) ?? null;
}
