import { CACHE_MODES, type CacheMode } from '#engine';

/** A cache mode by its name on the command line (`off` is `none`), or null. */
export function parseCacheMode(text: string): CacheMode | null {
  if (text === 'off') return 'none';
  return CACHE_MODES.find((mode) => mode === text) ?? null;
}
