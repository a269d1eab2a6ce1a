import { EngineError, isEngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { strerror } from '../text/strerror.ts';
import { decodeBase64 } from './base64.ts';
import { decryptSecret } from './encrypted-secret.ts';
import type { ObjectTable } from './object-table.ts';

/** How the properties of a secret are listed by `--object secret,help`. */
export const SECRET_OPTIONS = [
  'data=<string>',
  'file=<string>',
  'format=<QCryptoSecretFormat>',
  'iv=<string>',
  'keyid=<string>',
];

/** What `--object secret,…` says of a secret. */
export interface SecretProperties {
  readonly format: 'raw' | 'base64';
  /** The id of the secret with which this one is encrypted. */
  readonly keyId: string | undefined;
  /** Base64 of the initialisation vector. */
  readonly iv: string | undefined;
  readonly data: string | undefined;
  readonly file: string | undefined;
}

/**
 * The bytes of the secret that an option names.
 * @throws EngineError invalid-argument with QEMU's text where nothing of this name is there, or it is no text
 */
export function secretNamed(objects: ObjectTable, id: string): Uint8Array {
  const data = objects.get(id);
  if (data === undefined) throw refused(`No secret with id '${id}'`);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch (cause) {
    throw refused(`Data from secret ${id} is not valid UTF-8`, cause);
  }
  return data;
}

/** Takes the properties in QEMU's order. @throws EngineError invalid-argument with QEMU's text */
export function judgeSecret(take: (name: string) => string | undefined): SecretProperties {
  const format = take('format') ?? 'raw';
  if (format !== 'raw' && format !== 'base64') throw refused(`Parameter 'format' does not accept value '${format}'`);
  return { format, keyId: take('keyid'), iv: take('iv'), data: take('data'), file: take('file') };
}

/** Reads, decrypts and decodes. @throws EngineError invalid-argument with QEMU's text */
export async function secretData(
  host: ConsoleHost,
  objects: ObjectTable,
  { format, keyId, iv, data, file }: SecretProperties,
): Promise<Uint8Array> {
  const bytes = await encodedBytes(host, data, file);
  const decoded = () => (format === 'base64' ? decodeBase64(bytes) : bytes);
  if (keyId === undefined) return decoded();
  const key = objects.get(keyId);
  if (key === undefined) throw refused(`No secret with id '${keyId}'`);
  return decryptSecret(decoded, key, iv);
}

async function encodedBytes(
  host: ConsoleHost,
  data: string | undefined,
  file: string | undefined,
): Promise<Uint8Array> {
  if (file !== undefined && data !== undefined) throw refused("'file' and 'data' are mutually exclusive");
  if (file !== undefined) return contentOf(host, file);
  if (data === undefined) throw refused("Either 'file' or 'data' must be provided");
  return new TextEncoder().encode(data);
}

async function contentOf(host: ConsoleHost, file: string): Promise<Uint8Array> {
  try {
    return await host.files.readBytes(file);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    // A folder can be opened, but not read.
    const failed = error.errno === 'EISDIR' ? 'Error reading file' : 'Failed to open file';
    throw refused(`Unable to read ${file}: ${failed} “${file}”: ${strerror(error)}`, error);
  }
}

function refused(message: string, cause?: unknown): EngineError {
  return new EngineError('invalid-argument', message, { cause });
}
