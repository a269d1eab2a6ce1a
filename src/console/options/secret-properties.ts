import { EngineError } from '#engine';
import { decodeBase64 } from './base64.ts';

/** What every secret must have, and nothing else. @throws EngineError invalid-argument with QEMU's text */
export function judgeSecret(properties: ReadonlyMap<string, string>): void {
  for (const name of properties.keys()) {
    if (!PROPERTIES.has(name)) throw refused(`Parameter '${name}' is unexpected`);
  }
  for (const name of ENCRYPTED) {
    if (properties.has(name)) throw refused(`A secret that is itself encrypted ('${name}') is not supported.`);
  }
  const format = properties.get('format') ?? 'raw';
  if (format !== 'raw' && format !== 'base64') throw refused(`Parameter 'format' does not accept value '${format}'`);
  if (properties.has('file') && properties.has('data')) throw refused("'file' and 'data' are mutually exclusive");
  const data = properties.get('data');
  if (!properties.has('file') && data === undefined) throw refused("Either 'file' or 'data' must be provided");
  if (format === 'base64' && data !== undefined) decodeBase64(new TextEncoder().encode(data));
}

const ENCRYPTED = ['keyid', 'iv'];
const PROPERTIES = new Set(['format', 'data', 'file', 'loaded', ...ENCRYPTED]);

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
