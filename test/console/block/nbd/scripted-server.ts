import { EngineError } from '#engine';
import type { SocketStream } from '#console';

/** A number as big-endian bytes. */
export function be(value: number | bigint, length: 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes.subarray(8 - length);
}

export function joined(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part));
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const GREETING_NEW = joined('NBDMAGIC', 'IHAVEOPT');

export function optionReply(option: number, type: number, data: Uint8Array | string = ''): Uint8Array {
  const content = joined(data);
  return joined(be(0x3e889045565a9n, 8), be(option, 4), be(type, 4), be(content.length, 4), content);
}

/** One end of a stream whose other end says what was written down beforehand, whatever it hears. */
export class ScriptedStream implements SocketStream {
  readonly sent: number[] = [];
  isClosed = false;
  readonly #answers: Uint8Array;
  #at = 0;

  constructor(...answers: readonly (Uint8Array | string)[]) {
    this.#answers = joined(...answers);
  }

  receive(into: Uint8Array): void {
    if (this.#at + into.length > this.#answers.length) throw new EngineError('io', 'The stream has ended.');
    into.set(this.#answers.subarray(this.#at, this.#at + into.length));
    this.#at += into.length;
  }

  send(bytes: Uint8Array): void {
    for (const byte of bytes) this.sent.push(byte);
  }

  close(): void {
    this.isClosed = true;
  }
}
