import { alignUp } from '../bytes/align.ts';

/** LUKS1 on-disk format: into how many stripes a key is split. */
export const LUKS_STRIPES = 4000;

/** Where the key material of the first slot starts; the room of each slot is a multiple of it, as QEMU has it. */
export const SLOTS_AT = 4096;

/** Bytes that are kept for the key material of a slot. */
export function slotRoom(keyBytes: number, stripes: number): number {
  return alignUp(keyBytes * stripes, SLOTS_AT);
}

/** Where the key material of a slot of a new volume starts; for the slot behind the last one, where the payload does. */
export function newSlotOffset(keyBytes: number, index: number): number {
  return SLOTS_AT + index * slotRoom(keyBytes, LUKS_STRIPES);
}
