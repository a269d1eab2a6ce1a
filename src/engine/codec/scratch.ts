import { assert } from '../assert.ts';

/** The longest stream that a descriptor can name, that of a cluster of 2 MiB, and a codec's other needs. */
const LENGTH_MAX = 2 ** 22 + 2 ** 20;

/** Working memory of the codecs. */
class Scratch {
  readonly bytes = new Uint8Array(LENGTH_MAX);
  readonly view = new DataView(this.bytes.buffer);
}

/**
 * What codecs read and what they write. The engine is synchronous, so one of each is enough for all of them, and neither is
 * ever replaced, so that compiled code holds their addresses. Only what is touched takes memory. Codecs read and write a few
 * bytes beyond what they mean to, which saves a bounds check a symbol; here that lands in slack instead of in memory of the
 * caller.
 */
export const source = new Scratch();
export const target = new Scratch();

/**
 * The first place from `from` on that is in step with the input's own memory: V8 copies words from memory that threads share
 * only where both sides are in step, and else byte by byte.
 */
export function placeInStep(input: Uint8Array, from: number): number {
  return from + ((input.byteOffset - from) & 7);
}

/** Puts the input into `source`, with zeros before and behind it. */
export function takeInput(input: Uint8Array, before: number, behind: number): void {
  const end = before + input.length;
  mustHold(end + behind);
  source.bytes.fill(0, 0, before);
  source.bytes.set(input, before);
  source.bytes.fill(0, end, end + behind);
}

/** That so many bytes have room. */
export function mustHold(length: number): void {
  assert(length <= LENGTH_MAX, 'codecs take at most 4 MiB at once');
}
