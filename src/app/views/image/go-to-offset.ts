/** Where the user wants to go: a byte of the file, or a byte of the guest's disk that has to be looked up first. */
export type Destination =
  { readonly kind: 'host'; readonly offset: number } | { readonly kind: 'guest'; readonly offset: number };

/**
 * Reads what is typed into "Go to offset": `0x30000`, `196608`, `cluster:5`, `guest:0x1000`, and `+0x200` or `-16`
 * relative to `current`. Null when it is none of these, and for a cluster where there are none (`clusterSize` is null).
 */
export function parseDestination(text: string, current: number, clusterSize: number | null): Destination | null {
  const compact = text.replace(/[\s_]/g, '').toLowerCase();
  const [, prefix = '', sign = '', digits = ''] =
    /^(?:(cluster|guest|host):)?([+-]?)(0x[\da-f]+|\d+)$/.exec(compact) ?? [];
  if (digits === '') return null;
  const number = Number(digits);
  if (!Number.isSafeInteger(number)) return null;
  if (sign !== '') {
    if (prefix !== '') return null;
    return { kind: 'host', offset: Math.max(0, current + (sign === '+' ? number : -number)) };
  }
  if (prefix === 'guest') return { kind: 'guest', offset: number };
  if (prefix !== 'cluster') return { kind: 'host', offset: number };
  return clusterSize === null ? null : { kind: 'host', offset: number * clusterSize };
}
