const PAGE = 4096;
/** Where in its first page a C library lets a large block begin: behind a header of its own. */
const BLOCK_START = 16;
/** Smaller blocks begin anywhere. */
const LARGE = 128 * 1024;

/**
 * Zeroed memory for the bytes of files. A large one begins with a page as far as that can be had: to copy pages of a file
 * 16 bytes further into a page takes the processor three to four times as long, since what it reads next looks to it like
 * what it has just written (the lowest twelve bits of both addresses are the same).
 */
export function transferMemory(length: number): Uint8Array<ArrayBuffer> {
  return length < LARGE ? new Uint8Array(length) : fromPageOn(new ArrayBuffer(length + PAGE), length);
}

/** The same for memory that threads share. */
export function sharedTransferMemory(length: number): Uint8Array<SharedArrayBuffer> {
  return fromPageOn(new SharedArrayBuffer(length + PAGE), length);
}

function fromPageOn<Memory extends ArrayBufferLike>(memory: Memory, length: number): Uint8Array<Memory> {
  return new Uint8Array(memory, PAGE - BLOCK_START, length);
}
