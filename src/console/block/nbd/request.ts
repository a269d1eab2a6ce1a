import { EngineError, getU64, setU64, type EngineErrorCode } from '#engine';
import type { SocketStream } from '../../host.ts';
import {
  COMMAND,
  MAGIC_REQUEST,
  MAGIC_SIMPLE_REPLY,
  MAGIC_STRUCTURED_REPLY,
  message,
  receiveView,
  refuseServer,
} from './wire.ts';

/** A request for bytes `at` … `at + length` of an export. */
export interface NbdRequest {
  readonly command: (typeof COMMAND)[keyof typeof COMMAND];
  readonly at: number;
  readonly length: number;
  readonly flags?: number;
  /** Of a write. */
  readonly bytes?: Uint8Array;
  /** Of a read: what is to be filled. */
  readonly into?: Uint8Array;
  /** Of a question about allocation. */
  readonly context?: number;
}

/** The first run of an answer about allocation. */
export interface AllocationRun {
  readonly length: number;
  readonly isHole: boolean;
  readonly isZero: boolean;
}

/** An error that the server told: the connection goes on. */
export class ServerError extends EngineError {}

const CHUNK = { none: 0, data: 1, hole: 2, blockStatus: 5 } as const;
const FIRST_ERROR_CHUNK = 2 ** 15;
const IS_LAST = 1;
const STATE_HOLE = 1;
const STATE_ZERO = 2;
/** No text of an error or list of runs is longer; data goes straight to where it belongs. */
const CHUNK_LENGTH_MAX = 1024 * 1024;

/** Errors by their numbers in the protocol, which are Linux's. */
const CODES: Readonly<Record<number, EngineErrorCode>> = {
  1: 'read-only',
  22: 'invalid-argument',
  28: 'no-space',
  75: 'too-large',
  95: 'unsupported',
};

/**
 * Sends a request and receives the whole answer. `cookie` tells it from others.
 * @throws ServerError if the server says that it failed; any other EngineError means that the connection is of no more use
 */
export function perform(stream: SocketStream, request: NbdRequest, cookie: number): AllocationRun | null {
  const { command, at, length, flags = 0, bytes } = request;
  stream.send(
    message(28, (view) => {
      view.setUint32(0, MAGIC_REQUEST);
      view.setUint16(4, flags);
      view.setUint16(6, command);
      view.setUint32(12, cookie);
      setU64(view, 16, at);
      view.setUint32(24, length);
    }),
  );
  if (bytes !== undefined) stream.send(bytes);
  return command === COMMAND.disconnect ? null : new Answer(stream, request, cookie).receive();
}

class Answer {
  readonly #stream: SocketStream;
  readonly #request: NbdRequest;
  readonly #cookie: number;
  #filled = 0;
  #run: AllocationRun | null = null;
  #error: ServerError | null = null;

  constructor(stream: SocketStream, request: NbdRequest, cookie: number) {
    this.#stream = stream;
    this.#request = request;
    this.#cookie = cookie;
  }

  receive(): AllocationRun | null {
    const { into, context } = this.#request;
    for (let isLast = false; !isLast;) isLast = this.#receivePart();
    if (this.#error !== null) throw this.#error;
    if (into !== undefined && this.#filled !== into.length) refuseServer('left a part of the data out');
    if (context !== undefined && this.#run === null) refuseServer('did not say what is allocated');
    return this.#run;
  }

  /** Whether it was the last one. */
  #receivePart(): boolean {
    const start = receiveView(this.#stream, 16);
    const magic = start.getUint32(0);
    if (start.getUint32(8) !== 0 || start.getUint32(12) !== this.#cookie) {
      refuseServer('answers a request that was not made');
    }
    if (magic === MAGIC_SIMPLE_REPLY) {
      this.#receiveSimple(start.getUint32(4));
      return true;
    }
    if (magic !== MAGIC_STRUCTURED_REPLY) refuseServer('sent something that is no answer');
    this.#receiveChunk(start.getUint16(6), receiveView(this.#stream, 4).getUint32(0));
    return (start.getUint16(4) & IS_LAST) !== 0;
  }

  #receiveSimple(code: number): void {
    const { into } = this.#request;
    if (code !== 0) this.#error ??= errorOf(code, '');
    else if (into !== undefined) this.#fill(0, into.length);
  }

  #receiveChunk(type: number, length: number): void {
    if (type === CHUNK.data && length >= 8) {
      this.#fill(getU64(receiveView(this.#stream, 8), 0) - this.#request.at, length - 8);
      return;
    }
    if (length > CHUNK_LENGTH_MAX) refuseServer(`announces an answer of ${length} bytes`);
    const view = receiveView(this.#stream, length);
    if (type === CHUNK.hole && length === 12) this.#fillZeros(getU64(view, 0) - this.#request.at, view.getUint32(8));
    else if (type === CHUNK.blockStatus && length >= 12) this.#takeRun(view);
    else if (type >= FIRST_ERROR_CHUNK && length >= 6) this.#takeError(view);
    else if (type !== CHUNK.none || length > 0) refuseServer(`sent an answer of the unknown kind ${type}`);
  }

  #fill(from: number, length: number): void {
    this.#stream.receive(this.#part(from, length));
  }

  #fillZeros(from: number, length: number): void {
    this.#part(from, length).fill(0);
  }

  #part(from: number, length: number): Uint8Array {
    const { into } = this.#request;
    if (into === undefined || from < 0 || from + length > into.length) refuseServer('sent data that was not asked for');
    this.#filled += length;
    return into.subarray(from, from + length);
  }

  #takeRun(view: DataView): void {
    const [length, state] = [view.getUint32(4), view.getUint32(8)];
    if (view.getUint32(0) !== this.#request.context || length === 0) refuseServer('described something else');
    this.#run = {
      // The last run may go beyond what was asked.
      length: Math.min(length, this.#request.length),
      isHole: (state & STATE_HOLE) !== 0,
      isZero: (state & STATE_ZERO) !== 0,
    };
  }

  #takeError(view: DataView): void {
    const length = Math.min(view.getUint16(4), view.byteLength - 6);
    const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + 6, length));
    this.#error ??= errorOf(view.getUint32(0), text);
  }
}

function errorOf(code: number, text: string): ServerError {
  const reason = text === '' ? '' : ` ("${text}")`;
  return new ServerError(CODES[code] ?? 'io', `The NBD server could not do it: error ${code}${reason}.`);
}
