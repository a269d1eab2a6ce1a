import type { BlockNode } from '../../block/node.ts';
import { ImgFailure, Invocation, misused, sizeOf, type ImgCommand } from '../invocation.ts';

interface MapEntry {
  readonly start: number;
  length: number;
  readonly depth: number;
  readonly isPresent: boolean;
  readonly isZero: boolean;
  readonly isData: boolean;
  readonly offset: number | null;
  readonly filename: string | null;
}

export const map: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
    short: 'hf:s:l:U',
    long: { 'format=': 'f', 'output=': 'output', 'force-share': 'U', 'start-offset=': 's', 'max-length=': 'l' },
  });
  const { isJson } = invocation;
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const start = sizeOf('start offset', invocation.value('s') ?? '0');
  const lengthText = invocation.value('l');
  const node = await invocation.open(name, { writable: false, format: invocation.value('f') });
  try {
    const end =
      lengthText === undefined ? node.length : Math.min(node.length, start + sizeOf('max length', lengthText));
    if (!isJson) host.writeOut(row('Offset', 'Length', 'Mapped to', 'File'));
    let isFirst = true;
    for (const entry of entries(node, start, end)) {
      if (isJson) host.writeOut((isFirst ? '[' : ',\n') + jsonEntry(entry));
      else if (entry.isData && !entry.isZero) host.writeOut(humanEntry(entry));
      isFirst = false;
    }
    if (isJson) host.writeOut(isFirst ? '[]\n' : ']\n');
    return 0;
  } finally {
    node.close();
  }
};

function* entries(node: BlockNode, start: number, end: number): Generator<MapEntry> {
  let current: MapEntry | null = null;
  for (let at = start; at < end;) {
    const next = entryAt(node, at, end);
    at += next.length;
    if (current !== null && continues(current, next)) {
      current.length += next.length;
      continue;
    }
    if (current !== null) yield current;
    current = next;
  }
  if (current !== null) yield current;
}

function entryAt(node: BlockNode, at: number, end: number): MapEntry {
  let depth = 0;
  let length = end - at;
  for (let layer: BlockNode | null = node; layer !== null; layer = layer.backing, depth++) {
    // What lies behind the end of a backing file belongs to the layer above it, and reads as zeros.
    if (at >= layer.length) return absent(at, length, depth - 1);
    const status = layer.statusAt(at, Math.min(length, layer.length - at));
    length = Math.min(length, status.length);
    if (!status.isAllocated) {
      if (layer.backing === null) return absent(at, length, depth);
      continue;
    }
    return {
      start: at,
      length,
      depth,
      isPresent: true,
      isZero: status.isZero,
      isData: status.isData,
      offset: status.hostOffset,
      filename: status.hostOffset === null ? null : (layer.file ?? layer).filename,
    };
  }
  return absent(at, length, 0);
}

function absent(start: number, length: number, depth: number): MapEntry {
  return { start, length, depth, isPresent: false, isZero: true, isData: false, offset: null, filename: null };
}

function continues(entry: MapEntry, next: MapEntry): boolean {
  return (
    entry.depth === next.depth &&
    entry.isPresent === next.isPresent &&
    entry.isZero === next.isZero &&
    entry.isData === next.isData &&
    entry.filename === next.filename &&
    (entry.offset === null ? next.offset === null : next.offset === entry.offset + entry.length)
  );
}

function jsonEntry({ start, length, depth, isPresent, isZero, isData, offset }: MapEntry): string {
  const position = offset === null ? '' : `, "offset": ${offset}`;
  return `{ "start": ${start}, "length": ${length}, "depth": ${depth}, "present": ${isPresent}, "zero": ${isZero}, "data": ${isData}${position}}`;
}

function humanEntry({ start, length, offset, filename }: MapEntry): string {
  if (offset === null) throw new ImgFailure('File contains external, encrypted or compressed clusters.');
  return row(hex(start), hex(length), hex(offset), filename!);
}

function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

function row(...columns: readonly [string, string, string, string]): string {
  const [a, b, c, file] = columns;
  return `${a.padEnd(16)}${b.padEnd(16)}${c.padEnd(16)}${file}\n`;
}
