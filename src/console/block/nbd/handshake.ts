import { EngineError, getU64 } from '#engine';
import type { SocketStream } from '../../host.ts';
import {
  hasMagic,
  MAGIC_NEW_STYLE,
  MAGIC_OLD_STYLE,
  MAGIC_OPTION_REPLY,
  MAGIC_SERVER,
  message,
  receiveView,
  refuseServer,
  setMagic,
} from './wire.ts';

/** What a server says of an export. Bytes. */
export interface ExportInfo {
  readonly size: number;
  /** See `EXPORT_FLAG`. */
  readonly flags: number;
  /** Requests begin and end at multiples of it, a power of two. */
  readonly blockSize: number;
  /** The longest request that carries data; a multiple of the block size. */
  readonly transferMax: number;
  /** By which the server calls its answers about allocation; null: it gives none. */
  readonly allocationContext: number | null;
}

const OPTION = { exportName: 1, go: 7, structuredReply: 8, setMetaContext: 10 } as const;
const REPLY = { ack: 1, info: 3, metaContext: 4 } as const;
/** Replies from here on are errors. */
const FIRST_ERROR = 2 ** 31;
const ERROR_UNSUPPORTED = FIRST_ERROR + 1;
const ERROR_UNKNOWN = FIRST_ERROR + 6;
const INFO = { export: 0, blockSize: 3 } as const;
const FIXED_NEW_STYLE = 1;
const NO_ZEROES = 2;
const ALLOCATION = 'base:allocation';
/** Zeros behind what an old server says. */
const PADDING = 124;
/** What servers must take where they say nothing else. */
const TRANSFER_MAX = 32 * 1024 * 1024;
/** No reply of a handshake is longer. */
const REPLY_LENGTH_MAX = 64 * 1024;

/**
 * Agrees with a server on an export, in whichever way the server knows: by options, by the export's name alone, or
 * without any choice.
 * @throws EngineError not-found if there is no such export, io if what is there is no NBD server
 */
export function shakeHands(stream: SocketStream, exportName: string): ExportInfo {
  const greeting = receiveView(stream, 16);
  if (!hasMagic(greeting, 0, MAGIC_SERVER)) refuseServer('is none: its greeting is another protocol’s');
  if (hasMagic(greeting, 8, MAGIC_OLD_STYLE)) return receiveOnlyExport(stream, exportName);
  if (!hasMagic(greeting, 8, MAGIC_NEW_STYLE)) refuseServer('speaks a version of the protocol that nobody knows');
  const serverFlags = receiveView(stream, 2).getUint16(0);
  const hasOptions = (serverFlags & FIXED_NEW_STYLE) !== 0;
  const hasPadding = !hasOptions || (serverFlags & NO_ZEROES) === 0;
  stream.send(message(4, (view) => view.setUint32(0, serverFlags & (FIXED_NEW_STYLE | NO_ZEROES))));
  if (hasOptions) {
    const allocationContext = agreeOnAllocation(stream, exportName);
    const info = go(stream, exportName);
    if (info !== null) return { ...info, allocationContext };
  }
  return enter(stream, exportName, hasPadding);
}

function receiveOnlyExport(stream: SocketStream, exportName: string): ExportInfo {
  const view = receiveView(stream, 8 + 4 + PADDING);
  if (exportName !== '') {
    throw new EngineError('not-found', 'Server does not support non-empty export names');
  }
  return infoOf(getU64(view, 0), view.getUint32(8) & 0xffff);
}

/** Chooses an export by its name alone; a server that does not have it hangs up. */
function enter(stream: SocketStream, exportName: string, hasPadding: boolean): ExportInfo {
  const name = new TextEncoder().encode(exportName);
  sendOption(stream, OPTION.exportName, name);
  const view = receiveView(stream, 8 + 2 + (hasPadding ? PADDING : 0));
  return infoOf(getU64(view, 0), view.getUint16(8));
}

function infoOf(size: number, flags: number): ExportInfo {
  return { size, flags, blockSize: 1, transferMax: TRANSFER_MAX, allocationContext: null };
}

/** Structured replies first, which answers about allocation need. */
function agreeOnAllocation(stream: SocketStream, exportName: string): number | null {
  sendOption(stream, OPTION.structuredReply);
  if (receiveReply(stream, OPTION.structuredReply).type !== REPLY.ack) return null;
  const [name, query] = [exportName, ALLOCATION].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
  ];
  const data = message(4 + name.length + 4 + 4 + query.length, (view) => {
    view.setUint32(0, name.length);
    view.setUint32(4 + name.length, 1);
    view.setUint32(8 + name.length, query.length);
  });
  data.set(name, 4);
  data.set(query, 12 + name.length);
  sendOption(stream, OPTION.setMetaContext, data);
  let context: number | null = null;
  for (;;) {
    const { type, view } = receiveReply(stream, OPTION.setMetaContext);
    if (type !== REPLY.metaContext) return type === REPLY.ack ? context : null;
    if (textAt(view, 4) === ALLOCATION) context = view.getUint32(0);
  }
}

/** Chooses an export and asks for its block sizes; null if the server does not know how. */
function go(stream: SocketStream, exportName: string): ExportInfo | null {
  const name = new TextEncoder().encode(exportName);
  const data = message(4 + name.length + 2 + 2, (view) => {
    view.setUint32(0, name.length);
    view.setUint16(4 + name.length, 1);
    view.setUint16(6 + name.length, INFO.blockSize);
  });
  data.set(name, 4);
  sendOption(stream, OPTION.go, data);
  let info: ExportInfo | null = null;
  let sizes: Pick<ExportInfo, 'blockSize' | 'transferMax'> | null = null;
  for (;;) {
    const { type, view } = receiveReply(stream, OPTION.go);
    if (type === ERROR_UNSUPPORTED) return null;
    if (type >= FIRST_ERROR) refuseExport(type, textAt(view, 0));
    if (type === REPLY.ack) break;
    const kind = type === REPLY.info && view.byteLength >= 2 ? view.getUint16(0) : null;
    if (kind === INFO.export && view.byteLength >= 12) info = infoOf(getU64(view, 2), view.getUint16(10));
    if (kind === INFO.blockSize && view.byteLength >= 14) sizes = judgeSizes(view.getUint32(2), view.getUint32(10));
  }
  if (info === null) refuseServer('did not say how large the export is');
  return { ...info, ...sizes };
}

function judgeSizes(minimum: number, maximum: number): Pick<ExportInfo, 'blockSize' | 'transferMax'> {
  const isSound = Number.isInteger(Math.log2(minimum)) && minimum <= 65536 && maximum >= minimum;
  if (!isSound) refuseServer(`asks for requests of ${minimum} to ${maximum} bytes, which nobody can make`);
  return { blockSize: minimum, transferMax: Math.floor(Math.min(maximum, TRANSFER_MAX) / minimum) * minimum };
}

function refuseExport(type: number, reason: string): never {
  throw new EngineError(
    type === ERROR_UNKNOWN ? 'not-found' : 'io',
    type === ERROR_UNKNOWN ? 'Requested export not available' : 'The NBD server refuses the export',
    reason === '' ? {} : { hint: `server reported: ${reason}` },
  );
}

function sendOption(stream: SocketStream, option: number, data = new Uint8Array()): void {
  const header = message(16, (view) => {
    setMagic(view, 0, MAGIC_NEW_STYLE);
    view.setUint32(8, option);
    view.setUint32(12, data.length);
  });
  stream.send(header);
  if (data.length > 0) stream.send(data);
}

function receiveReply(stream: SocketStream, option: number): { readonly type: number; readonly view: DataView } {
  const header = receiveView(stream, 20);
  if (!hasMagic(header, 0, MAGIC_OPTION_REPLY) || header.getUint32(8) !== option) {
    refuseServer('answers something that was not asked');
  }
  const length = header.getUint32(16);
  if (length > REPLY_LENGTH_MAX) refuseServer(`announces an answer of ${length} bytes`);
  return { type: header.getUint32(12), view: receiveView(stream, length) };
}

function textAt(view: DataView, from: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer).subarray(from));
}
