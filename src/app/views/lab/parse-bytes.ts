const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `4096`, `4K`, `1.5 MiB`, `0x1000`: as `qemu-img` and people write sizes. Null where it is none of these. */
export function parseBytes(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (/^0x[0-9a-f]{1,13}$/.test(trimmed)) return Number.parseInt(trimmed, 16);
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)(?:i?b)?$/.exec(trimmed);
  if (match === null) return null;
  const bytes = Number(match[1]) * UNITS[match[2]!]!;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest of these that says exactly `bytes`: `4K`, `1M`, `0x1200`. */
export function sizeText(bytes: number): string {
  for (const unit of ['t', 'g', 'm', 'k']) {
    const size = UNITS[unit]!;
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit.toUpperCase()}`;
  }
  return bytes < 4096 ? String(bytes) : `0x${bytes.toString(16)}`;
}
