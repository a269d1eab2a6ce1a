import { EngineError } from '#engine';
import type { ConnectTiming, SocketAddress, SocketStream } from '#console';
import type { SocketCall, SocketReply } from './socket-thread.ts';

/**
 * Connects to another program. A thread of its own waits for the stream, and this one waits for that thread: so its calls
 * return when they are done.
 * @param script what the thread runs: the bundle of socket-thread.ts
 * @throws EngineError io
 */
export function connectSocket(script: string, address: SocketAddress, timing: ConnectTiming): SocketStream {
  const socket = new ThreadSocket(script);
  try {
    socket.call({ kind: 'connect', address, timing });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

class ThreadSocket implements SocketStream {
  /** Counts the thread's replies, and wakes whoever waits for the next one. */
  readonly #replyCount = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: InstanceType<ReturnType<typeof threads>['Worker']>;
  readonly #replies: InstanceType<ReturnType<typeof threads>['MessagePort']>;
  #isClosed = false;

  constructor(script: string) {
    const { MessageChannel, Worker } = threads();
    const { port1, port2 } = new MessageChannel();
    this.#replies = port1;
    this.#worker = new Worker(script, {
      workerData: { replies: port2, replyCount: this.#replyCount },
      transferList: [port2],
    });
    // A program ends although it has left a disk open.
    this.#worker.unref();
  }

  receive(into: Uint8Array): void {
    if (into.length === 0) return;
    into.set(this.call({ kind: 'receive', length: into.length })!);
  }

  send(bytes: Uint8Array): void {
    // The call may hand its bytes over, and these are the caller's.
    this.call({ kind: 'send', bytes: bytes.slice() });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#replies.close();
    void this.#worker.terminate();
  }

  call(call: SocketCall): Uint8Array | null {
    const before = Atomics.load(this.#replyCount, 0);
    this.#worker.postMessage(call, call.kind === 'send' ? [call.bytes.buffer] : []);
    Atomics.wait(this.#replyCount, 0, before);
    const { bytes, failure } = (threads().receiveMessageOnPort(this.#replies) as { message: SocketReply }).message;
    if (failure !== null) throw new EngineError('io', failure);
    return bytes;
  }
}

/** Loaded when it is needed, as most commands need no threads. */
function threads() {
  return process.getBuiltinModule('node:worker_threads');
}
