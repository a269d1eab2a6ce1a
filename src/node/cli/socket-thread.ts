// Owns a socket, and does with it what the program's thread asks for, one call after the other.
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { ConnectTiming, SocketAddress } from '#console';

export type SocketCall =
  | { readonly kind: 'connect'; readonly address: SocketAddress; readonly timing: ConnectTiming }
  | { readonly kind: 'receive'; readonly length: number }
  | { readonly kind: 'send'; readonly bytes: Uint8Array<ArrayBuffer> };

export interface SocketReply {
  /** Of `receive`. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** What went wrong, in QEMU's words where it has any. */
  readonly failure: string | null;
}

const { replies, replyCount } = workerData as { readonly replies: MessagePort; readonly replyCount: Int32Array };
/** Between two attempts to connect, milliseconds. */
const PAUSE = 50;
let socket: Socket | null = null;

parentPort!.on('message', async (call: SocketCall) => {
  let reply: SocketReply;
  try {
    reply = { bytes: await answer(call), failure: null };
  } catch (error) {
    reply = { bytes: null, failure: (error as Error).message };
  }
  replies.postMessage(reply, reply.bytes === null ? [] : [reply.bytes.buffer]);
  Atomics.add(replyCount, 0, 1);
  Atomics.notify(replyCount, 0);
});

async function answer(call: SocketCall): Promise<Uint8Array<ArrayBuffer> | null> {
  switch (call.kind) {
    case 'connect':
      await setTimeout(call.timing.after);
      socket = await connectWithin(call.address, call.timing.patience);
      return null;
    case 'receive':
      return receive(socket!, call.length);
    case 'send':
      await send(socket!, call.bytes);
      return null;
  }
}

async function connectWithin(address: SocketAddress, patience: number): Promise<Socket> {
  for (const deadline = performance.now() + patience; ;) {
    try {
      return await connectOnce(address);
    } catch (error) {
      if (performance.now() + PAUSE > deadline) {
        throw new Error(wordsFor(address, error as NodeJS.ErrnoException), { cause: error });
      }
      await setTimeout(PAUSE);
    }
  }
}

function connectOnce(address: SocketAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: portOf(address.port) };
    const candidate = connect({ ...target, noDelay: true });
    candidate.once('error', reject);
    candidate.once('connect', () => {
      candidate.off('error', reject);
      // What goes wrong from here on is met by the call that it hinders.
      candidate.on('error', () => undefined);
      resolve(candidate);
    });
  });
}

/** @throws Error with the code of an unknown service */
function portOf(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 0xffff) return Number(text);
  throw Object.assign(new Error('no port'), { code: 'EAI_SERVICE' });
}

function wordsFor(address: SocketAddress, error: NodeJS.ErrnoException): string {
  if (address.kind === 'unix') return `Failed to connect to '${address.path}': ${reasonOf(error)}`;
  const place = `${address.host}:${address.port}`;
  if (error.code === 'EAI_SERVICE') {
    return `address resolution failed for ${place}: Servname not supported for ai_socktype`;
  }
  if (error.syscall === 'getaddrinfo') return `address resolution failed for ${place}: Name or service not known`;
  return `Failed to connect to '${place}': ${reasonOf(error)}`;
}

/** C's text for the error, which the system's own table has in small letters. */
function reasonOf(error: NodeJS.ErrnoException | AggregateError): string {
  // A name with several addresses: the last attempt counts.
  const last = error instanceof AggregateError ? (error.errors.at(-1) as NodeJS.ErrnoException) : error;
  const text = getSystemErrorMap().get(last.errno ?? 0)?.[1] ?? last.message;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function receive(from: Socket, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const part = from.read(Math.min(length - done, from.readableLength)) as Buffer | null;
    if (part === null) await arrival(from);
    else {
      bytes.set(part, done);
      done += part.length;
    }
  }
  return bytes;
}

/** Resolves when there is more to be read. @throws Error if nothing will come any more */
function arrival(from: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => settle(() => reject(new Error('The connection was closed by the other side')));
    const arrive = () => settle(resolve);
    if (from.readableEnded || from.destroyed) return fail();
    from.once('readable', arrive);
    from.once('end', fail);
    from.once('close', fail);

    function settle(how: () => void): void {
      from.off('readable', arrive);
      from.off('end', fail);
      from.off('close', fail);
      how();
    }
  });
}

function send(to: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(new Error(reasonOf(error))) : resolve()));
  });
}
