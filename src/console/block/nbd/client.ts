import { EngineError, isEngineError } from '#engine';
import type { ConsoleHost, SocketAddress, SocketStream } from '../../host.ts';
import { shakeHands, type ExportInfo } from './handshake.ts';
import { perform, ServerError, type AllocationRun, type NbdRequest } from './request.ts';
import { COMMAND } from './wire.ts';

/** Where an export is, and how long somebody waits for its server. Milliseconds. */
export interface NbdPlace {
  readonly address: SocketAddress;
  readonly exportName: string;
  /** For a server that does not listen yet. */
  readonly openPatience: number;
  /** For a server that was lost. Requests then wait, and are made again. */
  readonly reconnectPatience: number;
}

/** Between two attempts, so that a server that hangs up at once is not kept busy. */
const PAUSE = 100;

/** One request after the other to a server that may come and go. */
export class NbdClient {
  readonly info: ExportInfo;
  readonly #host: ConsoleHost;
  readonly #place: NbdPlace;
  #stream: SocketStream | null;
  #cookie = 0;

  /** Connects. @throws EngineError as `ConsoleHost.connect` and `shakeHands`, unsupported where the host has no sockets */
  constructor(host: ConsoleHost, place: NbdPlace) {
    this.#host = host;
    this.#place = place;
    const { stream, info } = this.#connect({ after: 0, patience: place.openPatience });
    this.#stream = stream;
    this.info = info;
  }

  /** @throws EngineError with the server's reason, or io when the server is gone: the request may have been done or not */
  perform(request: NbdRequest): AllocationRun | null {
    let deadline: number | null = null;
    for (let after = 0; ; after = PAUSE) {
      try {
        this.#stream ??= this.#reconnect({ after, patience: Math.max(0, (deadline ?? 0) - this.#host.now()) });
        this.#cookie = (this.#cookie + 1) >>> 0;
        return perform(this.#stream, request, this.#cookie);
      } catch (error) {
        if (!isEngineError(error) || error instanceof ServerError) throw error;
        this.#drop();
        deadline ??= this.#host.now() + this.#place.reconnectPatience;
        if (this.#host.now() >= deadline) throw lost(error);
      }
    }
  }

  close(): void {
    try {
      if (this.#stream !== null) perform(this.#stream, { command: COMMAND.disconnect, at: 0, length: 0 }, 0);
    } catch (error) {
      // All that was acknowledged is with the server; one that is gone needs no farewell.
      if (!isEngineError(error)) throw error;
    }
    this.#drop();
  }

  #reconnect(timing: { readonly after: number; readonly patience: number }): SocketStream {
    const { stream, info } = this.#connect(timing);
    if (info.size === this.info.size && info.flags === this.info.flags) return stream;
    stream.close();
    throw new EngineError('io', 'After the connection was lost, the NBD server has another disk under that name.');
  }

  #connect(timing: { readonly after: number; readonly patience: number }): { stream: SocketStream; info: ExportInfo } {
    const { address, exportName } = this.#place;
    if (this.#host.connect === undefined) {
      throw new EngineError(
        'unsupported',
        'Other programs cannot be reached from here: copy the disk into a file first',
      );
    }
    const stream = this.#host.connect(address, timing);
    try {
      return { stream, info: shakeHands(stream, exportName) };
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  #drop(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}

function lost(cause: EngineError): EngineError {
  return new EngineError(
    'io',
    `The connection to the NBD server was lost (${cause.message}). What was being written may be there or not; all that was flushed before is.`,
    { cause },
  );
}
