import type { GuestOffset } from '../format/addresses.ts';

/**
 * Something that reads like a disk: an image, or one link of its backing chain (qcow2 or raw). The engine asks nothing
 * else of a backing file; who opens it, and with whose permission, is the caller's affair.
 */
export interface GuestSource {
  /** Bytes; may be shorter or longer than the overlay. */
  readonly virtualSize: number;
  /** Fills `into`; past the end it reads zeros. */
  readAt(at: GuestOffset, into: Uint8Array): void;
  /** Length of the run from `at` (at most `lengthMax`) that is known to read as zeros, 0 if unknown or not zero. */
  zeroRunAt(at: GuestOffset, lengthMax: number): number;
  close(): void;
}
