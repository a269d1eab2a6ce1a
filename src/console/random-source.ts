import type { ConsoleHost } from './host.ts';

const AT_ONCE_MAX = 65_536;

/** Random bytes of any length from a host, which gives only so many at once. */
export function randomSourceOf(host: Pick<ConsoleHost, 'randomBytes'>): (length: number) => Uint8Array {
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += AT_ONCE_MAX) {
      bytes.set(host.randomBytes(Math.min(AT_ONCE_MAX, length - at)), at);
    }
    return bytes;
  };
}
