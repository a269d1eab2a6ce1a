export type TypedForm = 'text' | 'hex';

/** What is typed, as bytes: text in UTF-8, or hex digits in pairs. Null where it is not hex. */
export function typedBytes(typed: string, form: TypedForm): Uint8Array<ArrayBuffer> | null {
  if (form === 'text') return new TextEncoder().encode(typed);
  const digits = typed.replace(/0x|[\s,]/gi, '');
  if (!/^(?:[\da-f]{2})*$/i.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}
