import { aesMode, EngineError } from '#engine';
import { decodeBase64 } from './base64.ts';

const KEY_LENGTH = 32;
const BLOCK_LENGTH = 16;

/**
 * Decrypts a secret that another one encrypts: AES-256 in CBC mode, padded as in PKCS #7.
 * @param bytesOf gives what is encrypted; asked when key and vector are in order
 * @param iv base64
 * @throws EngineError invalid-argument with QEMU's text
 */
export function decryptSecret(bytesOf: () => Uint8Array, key: Uint8Array, iv: string | undefined): Uint8Array {
  if (key.length !== KEY_LENGTH) throw refused(`Key should be ${KEY_LENGTH} bytes in length`);
  if (iv === undefined) throw refused('IV is required to decrypt secret');
  const vector = decodeBase64(new TextEncoder().encode(iv));
  if (vector.length !== BLOCK_LENGTH) {
    throw refused(`IV should be ${BLOCK_LENGTH} bytes in length not ${vector.length}`);
  }
  const bytes = Uint8Array.from(bytesOf());
  if (bytes.length % BLOCK_LENGTH !== 0) {
    throw refused(`Length ${bytes.length} must be a multiple of block size ${BLOCK_LENGTH}`);
  }
  if (bytes.length === 0) return bytes;
  const words = new Int32Array(bytes.buffer);
  aesMode('cbc', key).decrypt(words, 0, words.length, new Int32Array(vector.buffer));
  const padding = bytes.at(-1)!;
  if (padding > BLOCK_LENGTH) {
    throw refused(`Incorrect number of padding bytes (${padding}) found on decrypted data`);
  }
  return bytes.subarray(0, bytes.length - padding);
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
