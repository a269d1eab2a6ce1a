import { defineStruct, type StructValue } from '../bytes/struct.ts';
import { decodeName, encodeName, upToNul } from './name.ts';

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
  state: { at: 0, type: 'u32', meaning: '0x00ac71f3 in use, 0x0000dead not' },
  iterations: { at: 4, type: 'u32', meaning: "rounds of the slot's key derivation" },
  keyOffset: { at: 40, type: 'u32', meaning: 'where the key material starts, in sectors' },
  stripes: { at: 44, type: 'u32', meaning: 'anti-forensic stripes' },
});

/** The same, "PHDR layout": names, padded with zeros, and bytes. */
const TEXTS = {
  cipherName: { at: 8, length: 32 },
  cipherMode: { at: 40, length: 32 },
  hash: { at: 72, length: 32 },
  uuid: { at: 168, length: 40 },
} as const;
const MASTER_KEY_DIGEST = { at: 112, length: 20 } as const;
const MASTER_KEY_SALT = { at: 132, length: 32 } as const;
const KEY_SLOT_SALT = { at: 8, length: 32 } as const;

const KEY_SLOTS_AT = 208;
const KEY_SLOT_SIZE = 48;
export const LUKS_KEY_SLOT_COUNT = 8;
const KEY_SLOT_ACTIVE = 0x00ac71f3;
const KEY_SLOT_INACTIVE = 0x0000dead;
const SECTOR_SIZE = 512;

export const LUKS_MAGIC = 0x4c554b53;
export const LUKS_MAGIC_END = 0xbabe;
export const LUKS_HEADER_SIZE = KEY_SLOTS_AT + LUKS_KEY_SLOT_COUNT * KEY_SLOT_SIZE;
export const LUKS_DIGEST_SIZE = MASTER_KEY_DIGEST.length;
export const LUKS_SALT_SIZE = MASTER_KEY_SALT.length;

export interface LuksHeader extends StructValue<typeof LUKS_HEADER.fields> {
  /** Such as `aes`. */
  readonly cipherName: string;
  /** Such as `xts-plain64` or `cbc-essiv:sha256`. */
  readonly cipherMode: string;
  readonly hash: string;
  readonly masterKeyDigest: Uint8Array;
  readonly masterKeySalt: Uint8Array;
  readonly uuid: string;
  readonly keySlots: readonly LuksKeySlot[];
}

export interface LuksKeySlot {
  readonly state: 'active' | 'inactive' | 'invalid';
  readonly iterations: number;
  readonly salt: Uint8Array;
  /** Bytes from the start of the LUKS header. */
  readonly keyOffset: number;
  readonly stripes: number;
}

export function decodeLuksHeader(bytes: Uint8Array): LuksHeader {
  const text = ({ at, length }: { at: number; length: number }) => decodeName(upToNul(bytes.subarray(at, at + length)));
  return {
    ...LUKS_HEADER.decode(bytes),
    cipherName: text(TEXTS.cipherName),
    cipherMode: text(TEXTS.cipherMode),
    hash: text(TEXTS.hash),
    masterKeyDigest: sliceOf(bytes, MASTER_KEY_DIGEST),
    masterKeySalt: sliceOf(bytes, MASTER_KEY_SALT),
    uuid: text(TEXTS.uuid),
    keySlots: Array.from({ length: LUKS_KEY_SLOT_COUNT }, (_, index) => {
      const slotBytes = bytes.subarray(KEY_SLOTS_AT + index * KEY_SLOT_SIZE);
      const { state, iterations, keyOffset, stripes } = LUKS_KEY_SLOT.decode(slotBytes);
      return {
        state: state === KEY_SLOT_ACTIVE ? 'active' : state === KEY_SLOT_INACTIVE ? 'inactive' : 'invalid',
        iterations,
        salt: sliceOf(slotBytes, KEY_SLOT_SALT),
        keyOffset: keyOffset * SECTOR_SIZE,
        stripes,
      };
    }),
  };
}

/** The bytes of a header whose texts fit. */
export function encodeLuksHeader(header: LuksHeader): Uint8Array {
  const bytes = new Uint8Array(LUKS_HEADER_SIZE);
  LUKS_HEADER.encode(header, bytes);
  for (const [name, { at }] of Object.entries(TEXTS)) bytes.set(encodeName(header[name as keyof typeof TEXTS]), at);
  bytes.set(header.masterKeyDigest, MASTER_KEY_DIGEST.at);
  bytes.set(header.masterKeySalt, MASTER_KEY_SALT.at);
  header.keySlots.forEach(({ state, iterations, salt, keyOffset, stripes }, index) => {
    const slotBytes = bytes.subarray(KEY_SLOTS_AT + index * KEY_SLOT_SIZE);
    const encodedState = state === 'active' ? KEY_SLOT_ACTIVE : KEY_SLOT_INACTIVE;
    LUKS_KEY_SLOT.encode({ state: encodedState, iterations, keyOffset: keyOffset / SECTOR_SIZE, stripes }, slotBytes);
    slotBytes.set(salt, KEY_SLOT_SALT.at);
  });
  return bytes;
}

/** Names the text that fills its field without an end, if one does. */
export function unterminatedText(bytes: Uint8Array): keyof typeof TEXTS | null {
  for (const name of ['cipherName', 'cipherMode', 'hash'] as const) {
    const { at, length } = TEXTS[name];
    if (!bytes.subarray(at, at + length).includes(0)) return name;
  }
  return null;
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

function sliceOf(bytes: Uint8Array, { at, length }: { at: number; length: number }): Uint8Array {
  const slice = new Uint8Array(length);
  slice.set(bytes.subarray(at, at + length));
  return slice;
}
