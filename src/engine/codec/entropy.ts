const frequencies = new Uint32Array(256);

/** Bits of an average byte of [start, end), by how often each value occurs among every `step`th. */
export function bitsPerByte(bytes: Uint8Array, start: number, end: number, step: number): number {
  frequencies.fill(0);
  let count = 0;
  for (let at = start; at < end; at += step) {
    frequencies[bytes[at]!]!++;
    count++;
  }
  let bits = 0;
  for (const frequency of frequencies) if (frequency > 0) bits += frequency * Math.log2(count / frequency);
  return bits / Math.max(1, count);
}
