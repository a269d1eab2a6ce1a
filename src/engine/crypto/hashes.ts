import { md5, ripemd160, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

const HASHES = { md5, sha1, sha224, sha256, sha384, sha512, ripemd160 };

/** The hashes that QEMU knows by these names, and LUKS headers name. */
export type HashName = keyof typeof HASHES;

/** In QEMU's order. */
export const HASH_NAMES = Object.keys(HASHES) as readonly HashName[];

export function isHashName(name: string): name is HashName {
  return Object.hasOwn(HASHES, name);
}

export function digestSize(name: HashName): number {
  return HASHES[name].outputLen;
}

export function digest(name: HashName, bytes: Uint8Array): Uint8Array {
  return HASHES[name](bytes);
}

/** The function itself, for what is built on it. */
export function hashFunction(name: HashName): (typeof HASHES)[HashName] {
  return HASHES[name];
}
