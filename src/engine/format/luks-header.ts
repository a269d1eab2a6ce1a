import { defineStruct, type StructValue } from '../bytes/struct.ts';
import { decodeName, upToNul } from './name.ts';

/** LUKS1 on-disk format, "PHDR layout": the numbers. */
const LUKS_HEADER = defineStruct('LUKS header', {
  magic: { at: 0, type: 'u32', meaning: 'magic: LUKS' },
  magicEnd: { at: 4, type: 'u16', meaning: 'end of the magic: 0xbabe' },
  version: { at: 6, type: 'u16', meaning: 'LUKS version' },
  payloadOffset: { at: 104, type: 'u32', meaning: 'where the payload would start, in sectors' },
  keyBytes: { at: 108, type: 'u32', meaning: 'bytes of the master key' },
  masterKeyIterations: { at: 164, type: 'u32', meaning: 'rounds of the master key digest' },
});

const LUKS_KEY_SLOT = defineStruct('LUKS key slot', {
  active: { at: 0, type: 'u32', meaning: '0x00ac71f3 in use, 0x0000dead not' },
  iterations: { at: 4, type: 'u32', meaning: "rounds of the slot's key derivation" },
  keyOffset: { at: 40, type: 'u32', meaning: 'where the key material starts, in sectors' },
  stripes: { at: 44, type: 'u32', meaning: 'anti-forensic stripes' },
});

const KEY_SLOTS_AT = 208;
const KEY_SLOT_SIZE = 48;
const KEY_SLOT_COUNT = 8;
const KEY_SLOT_ACTIVE = 0x00ac71f3;
const SECTOR_SIZE = 512;
export const LUKS_HEADER_SIZE = KEY_SLOTS_AT + KEY_SLOT_COUNT * KEY_SLOT_SIZE;

export interface LuksHeader extends StructValue<typeof LUKS_HEADER.fields> {
  /** Such as `aes`. */
  readonly cipherName: string;
  /** Such as `xts-plain64` or `cbc-essiv:sha256`. */
  readonly cipherMode: string;
  readonly hash: string;
  readonly uuid: string;
  readonly keySlots: readonly LuksKeySlot[];
}

export interface LuksKeySlot {
  readonly isActive: boolean;
  readonly iterations: number;
  /** Bytes from the start of the LUKS header. */
  readonly keyOffset: number;
  readonly stripes: number;
}

export function decodeLuksHeader(bytes: Uint8Array): LuksHeader {
  const text = (at: number, length: number) => decodeName(upToNul(bytes.subarray(at, at + length)));
  return {
    ...LUKS_HEADER.decode(bytes),
    cipherName: text(8, 32),
    cipherMode: text(40, 32),
    hash: text(72, 32),
    uuid: text(168, 40),
    keySlots: Array.from({ length: KEY_SLOT_COUNT }, (_, index) => {
      const slot = LUKS_KEY_SLOT.decode(bytes, KEY_SLOTS_AT + index * KEY_SLOT_SIZE);
      return {
        isActive: slot.active === KEY_SLOT_ACTIVE,
        iterations: slot.iterations,
        keyOffset: slot.keyOffset * SECTOR_SIZE,
        stripes: slot.stripes,
      };
    }),
  };
}

/** What the header says of the cipher, in QEMU's words: `xts` splits its key, so `aes` with 64 bytes is `aes-256`. */
export function luksCipherOf(header: LuksHeader): {
  cipher: string;
  mode: string;
  ivgen: string;
  ivgenHash: string | null;
} {
  const [mode = '', ...rest] = header.cipherMode.split('-');
  const [ivgen = '', ivgenHash = null] = rest.join('-').split(':');
  const keyBits = (header.keyBytes * 8) / (mode === 'xts' ? 2 : 1);
  return { cipher: `${header.cipherName}-${keyBits}`, mode, ivgen, ivgenHash };
}
