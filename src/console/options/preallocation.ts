import type { Preallocation } from '#engine';

const MODES: readonly Preallocation[] = ['off', 'metadata', 'falloc', 'full'];

/** A preallocation mode by its name on the command line, or null. */
export function parsePreallocation(text: string): Preallocation | null {
  return MODES.find((mode) => mode === text) ?? null;
}
