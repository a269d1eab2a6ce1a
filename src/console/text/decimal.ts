const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'));

/**
 * A whole number that is not negative, exactly. Larger than 32 bits, the language takes several times as long, which is most
 * of the time where a program prints nothing but places in files.
 */
export function decimal(value: number): string {
  if (value < 1000) return String(value);
  if (!Number.isSafeInteger(value)) return String(BigInt(value));
  const thousands = Math.floor(value / 1000);
  const last = THREE_DIGITS[value - thousands * 1000]!;
  if (thousands < 1000) return String(thousands) + last;
  const millions = Math.floor(thousands / 1000);
  return decimal(millions) + THREE_DIGITS[thousands - millions * 1000]! + last;
}
