import { viewOf } from '../bytes/big-endian.ts';
import { digest, digestSize, type HashName } from '../crypto/hashes.ts';

/**
 * LUKS1 on-disk format, "anti-forensic information splitting": a key spread over many stripes, all of which are needed
 * to get it back, so that wiping any one of them on the disk destroys it.
 * @param noise random bytes of all stripes but the last
 */
export function splitKey(hash: HashName, key: Uint8Array, noise: Uint8Array): Uint8Array {
  const stripes = new Uint8Array(noise.length + key.length);
  stripes.set(noise);
  const last = stripes.subarray(noise.length);
  last.set(mixed(hash, stripes, key.length));
  xorInto(last, key);
  return stripes;
}

/** Gets the key of `length` bytes back from its stripes. */
export function mergeKey(hash: HashName, stripes: Uint8Array, length: number): Uint8Array {
  const key = mixed(hash, stripes, length);
  xorInto(key, stripes.subarray(stripes.length - length));
  return key;
}

/** All stripes but the last, each combined with the diffusion of those before. */
function mixed(hash: HashName, stripes: Uint8Array, length: number): Uint8Array {
  const block = new Uint8Array(length);
  for (let at = 0; at < stripes.length - length; at += length) {
    xorInto(block, stripes.subarray(at, at + length));
    diffuse(hash, block);
  }
  return block;
}

/** Replaces each part as long as a digest by the digest of its number and itself. */
function diffuse(hash: HashName, block: Uint8Array): void {
  const size = digestSize(hash);
  for (let index = 0, at = 0; at < block.length; index++, at += size) {
    const part = block.subarray(at, at + size);
    const numbered = new Uint8Array(4 + part.length);
    viewOf(numbered).setUint32(0, index);
    numbered.set(part, 4);
    part.set(digest(hash, numbered).subarray(0, part.length));
  }
}

function xorInto(target: Uint8Array, source: Uint8Array): void {
  for (let index = 0; index < target.length; index++) target[index]! ^= source[index]!;
}
