import { EngineError, isEngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { strerror } from '../text/strerror.ts';
import { decodeBase64 } from './base64.ts';
import type { ObjectTable } from './objects.ts';

/**
 * The bytes of a secret that `--object secret,id=…` defined.
 * @throws EngineError invalid-argument with QEMU's text where nothing of this name is there
 */
export async function secretNamed(host: ConsoleHost, objects: ObjectTable, id: string): Promise<Uint8Array> {
  const object = objects.get(id);
  if (object === undefined) throw refused(`No secret with id '${id}'`);
  const data = await secretData(host, object.properties);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch (cause) {
    throw refused(`Data from secret ${id} is not valid UTF-8`, cause);
  }
  return data;
}

/** @throws EngineError invalid-argument with QEMU's text */
async function secretData(host: ConsoleHost, properties: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const bytes = await rawData(host, properties);
  return properties.get('format') === 'base64' ? decodeBase64(bytes) : bytes;
}

async function rawData(host: ConsoleHost, properties: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const file = properties.get('file');
  if (file === undefined) return new TextEncoder().encode(properties.get('data')!);
  try {
    return await readAll(host, file);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw refused(`Unable to read ${file}: Failed to open file “${file}”: ${strerror(error)}`, error);
  }
}

async function readAll(host: ConsoleHost, name: string): Promise<Uint8Array> {
  const storage = await host.files.open(name, 'read');
  try {
    const bytes = new Uint8Array(storage.size);
    storage.read(0, bytes);
    return bytes;
  } finally {
    storage.close();
  }
}

function refused(message: string, cause?: unknown): EngineError {
  return new EngineError('invalid-argument', message, { cause });
}
