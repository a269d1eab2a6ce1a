/** The canonical code of the given lengths, each code bit-reversed as deflate writes it. */
export function assignCodes(lengths: Uint8Array, count: number, codes: Uint16Array): void {
  lengthCounts.fill(0);
  for (let symbol = 0; symbol < count; symbol++) lengthCounts[lengths[symbol]!]!++;
  let code = 0;
  lengthCounts[0] = 0;
  for (let length = 1; length <= 15; length++) {
    code = (code + lengthCounts[length - 1]!) << 1;
    nextCodes[length] = code;
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const length = lengths[symbol]!;
    if (length !== 0) codes[symbol] = reverse16(nextCodes[length]!++) >>> (16 - length);
  }
}

const lengthCounts = new Uint16Array(16);
const nextCodes = new Uint16Array(16);

function reverse16(value: number): number {
  let bits = ((value >>> 1) & 0x5555) | ((value & 0x5555) << 1);
  bits = ((bits >>> 2) & 0x3333) | ((bits & 0x3333) << 2);
  bits = ((bits >>> 4) & 0x0f0f) | ((bits & 0x0f0f) << 4);
  return ((bits >>> 8) | (bits << 8)) & 0xffff;
}
