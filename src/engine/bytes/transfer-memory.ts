const PAGE = 4096;
/**
 * C libraries let a large block begin a few bytes behind a page's start, where their header ends, and the next one, if it
 * follows it, a few bytes further on. From the middle of a page on none of them comes close to a start again.
 */
const SHIFT = PAGE / 2 - 16;
/** Smaller blocks begin anywhere. */
const LARGE = 128 * 1024;

/**
 * Zeroed memory for the bytes of files. To copy the pages of a file to places a few bytes behind the start of a page takes
 * the processor three to four times as long: what it reads next looks to it like what it has just written, as the lowest
 * twelve bits of both addresses are the same. A large block keeps away from there, as far as that can be had.
 */
export function transferMemory(length: number): Uint8Array<ArrayBuffer> {
  return length < LARGE ? new Uint8Array(length) : shifted(new ArrayBuffer(length + PAGE), length);
}

/** The same for memory that threads share. */
export function sharedTransferMemory(length: number): Uint8Array<SharedArrayBuffer> {
  return shifted(new SharedArrayBuffer(length + PAGE), length);
}

function shifted<Memory extends ArrayBufferLike>(memory: Memory, length: number): Uint8Array<Memory> {
  return new Uint8Array(memory, SHIFT, length);
}
