const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A size as QEMU prints it for people: three significant digits and the unit that keeps them below 1000. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // From 1000 of a unit on (not 1024) the next one is used.
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const rounded = threeDigits(value);
  return `${rounded >= 1000 ? '1e+03' : String(rounded)} ${UNITS[unit]}`;
}

/** Rounds to three significant digits as C's `%0.3g`: what lies exactly in the middle goes to the even digit. */
export function threeDigits(value: number): number {
  const scale = value < 1 ? 1 : 10 ** Math.max(0, 2 - Math.floor(Math.log10(value)));
  const scaled = value * scale;
  if (scaled % 1 !== 0.5) return Number(value.toPrecision(3));
  return (Math.floor(scaled) + (Math.floor(scaled) % 2)) / scale;
}
