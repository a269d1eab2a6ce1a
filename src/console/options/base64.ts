import { EngineError } from '#engine';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Decodes what may be cut into lines. @throws EngineError invalid-argument with QEMU's text */
export function decodeBase64(bytes: Uint8Array): Uint8Array {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  if (!/^[A-Za-z0-9+/=\n]*$/.test(text)) {
    throw new EngineError('invalid-argument', 'Base64 data contains invalid characters');
  }
  const bits = Array.from(text.replaceAll(/[=\n]/g, ''), (letter) =>
    LETTERS.indexOf(letter).toString(2).padStart(6, '0'),
  ).join('');
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, index) =>
    parseInt(bits.slice(index * 8, index * 8 + 8), 2),
  );
}
