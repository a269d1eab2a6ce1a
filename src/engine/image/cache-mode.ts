/** QEMU's cache modes. `none` and `directsync` bypass the host's page cache there, which storage here does not have. */
export const CACHE_MODES = ['writeback', 'none', 'writethrough', 'directsync', 'unsafe'] as const;
export type CacheMode = (typeof CACHE_MODES)[number];

/** Every guest write is durable before it returns. */
export function flushesAfterWrite(mode: CacheMode): boolean {
  return mode === 'writethrough' || mode === 'directsync';
}

/** Flushes are ignored, the ordering ones too: a power cut may lose or break anything. */
export function ignoresFlushes(mode: CacheMode): boolean {
  return mode === 'unsafe';
}
