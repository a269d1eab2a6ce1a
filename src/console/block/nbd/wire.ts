// What an NBD client and server say to each other: numbers of the protocol's document (proto.md), all big-endian.
import { EngineError, viewOf } from '#engine';
import type { SocketStream } from '../../host.ts';

/** Magic numbers of 64 bits, as two halves. */
export const MAGIC_SERVER = [0x4e42444d, 0x41474943] as const;
export const MAGIC_NEW_STYLE = [0x49484156, 0x454f5054] as const;
export const MAGIC_OLD_STYLE = [0x00004202, 0x81861253] as const;
export const MAGIC_OPTION_REPLY = [0x0003e889, 0x045565a9] as const;
export const MAGIC_REQUEST = 0x25609513;
export const MAGIC_SIMPLE_REPLY = 0x67446698;
export const MAGIC_STRUCTURED_REPLY = 0x668e33ef;

/** What an export can do. */
export const EXPORT_FLAG = { readOnly: 2, flush: 4, trim: 32, writeZeroes: 64 } as const;

export const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6, blockStatus: 7 } as const;
/** Of `writeZeroes`: the range keeps its room. */
export const COMMAND_FLAG_NO_HOLE = 2;

export type WideMagic = readonly [number, number];

export function receiveView(stream: SocketStream, length: number): DataView {
  const bytes = new Uint8Array(length);
  stream.receive(bytes);
  return viewOf(bytes);
}

export function message(length: number, fill: (view: DataView) => void): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  fill(viewOf(bytes));
  return bytes;
}

export function hasMagic(view: DataView, at: number, [high, low]: WideMagic): boolean {
  return view.getUint32(at) === high && view.getUint32(at + 4) === low;
}

export function setMagic(view: DataView, at: number, [high, low]: WideMagic): void {
  view.setUint32(at, high);
  view.setUint32(at + 4, low);
}

/** @throws EngineError io always */
export function refuseServer(what: string): never {
  throw new EngineError('io', `The NBD server ${what}. The connection was closed; nothing more is read or written.`);
}
