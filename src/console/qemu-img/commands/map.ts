import { isZeroWhereAbsent } from '../../block/layers.ts';
import type { BlockNode, BlockStatus } from '../../block/node.ts';
import { decimal } from '../../text/decimal.ts';
import { paceOf } from '../../pace.ts';
import { ImgFailure, misused } from '../failure.ts';
import { Invocation, sizeOf, type GivenOption, type ImgCommand } from '../invocation.ts';

/** Entries between two looks at the clock. */
const ENTRIES_PER_LOOK = 64;

interface MapEntry {
  readonly start: number;
  length: number;
  readonly depth: number;
  readonly isPresent: boolean;
  readonly isZero: boolean;
  readonly isData: boolean;
  readonly offset: number | null;
  /** The node in which the offset counts. */
  readonly file: BlockNode | null;
}

export const map: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'map',
    judge: judgeOption,
    short: 'hf:s:l:U',
    long: { 'format=': 'f', 'output=': 'output', 'force-share': 'U', 'start-offset=': 's', 'max-length=': 'l' },
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const { isJson } = invocation;
  const start = sizeOf('start offset', invocation.value('s') ?? '0');
  const lengthText = invocation.value('l');
  const node = await invocation.open(name, { writable: false, format: invocation.value('f'), readsInOrder: true });
  try {
    const end =
      lengthText === undefined ? node.length : Math.min(node.length, start + sizeOf('max length', lengthText));
    host.writeOut(isJson ? '[' : row('Offset', 'Length', 'Mapped to', 'File'));
    const pace = paceOf(host);
    const json = new JsonEntries();
    let count = 0;
    for (const { entry, isLast } of entries(invocation, node, { start, end })) {
      if (isJson) host.writeOut(json.textOf(entry) + (isLast ? '' : ',\n'));
      else if (entry.isData && !entry.isZero) host.writeOut(humanEntry(entry));
      count++;
      if (count % ENTRIES_PER_LOOK === 0) await pace();
    }
    if (isJson) host.writeOut(']\n');
    return 0;
  } finally {
    node.close();
  }
};

function judgeOption({ name, value }: GivenOption): void {
  if (name === 's') sizeOf('start offset', value);
  else if (name === 'l') sizeOf('max length', value);
}

/** @throws ImgFailure where the image contradicts itself */
function* entries(
  invocation: Invocation,
  node: BlockNode,
  { start, end }: { start: number; end: number },
): Generator<{ readonly entry: MapEntry; readonly isLast: boolean }> {
  let current: MapEntry | null = null;
  for (let at = start; at < end;) {
    const next = invocation.attempt('Could not read file metadata', () => entryAt(node, at, end));
    at += next.length;
    if (current !== null && continues(current, next)) {
      current.length += next.length;
      continue;
    }
    if (current !== null) yield { entry: current, isLast: false };
    current = next;
  }
  // Of no disk at all, QEMU tells what it began with.
  const nothing = { ...absent(start, 0, 0), isZero: false };
  yield { entry: current ?? nothing, isLast: true };
}

function entryAt(node: BlockNode, at: number, end: number): MapEntry {
  let depth = 0;
  let length = end - at;
  let above: Pick<MapEntry, 'offset' | 'file'> = { offset: null, file: null };
  for (let layer: BlockNode | null = node; layer !== null; layer = layer.backing, depth++) {
    // What lies behind the end of a backing file belongs to the layer above it, and reads as zeros.
    if (at >= layer.length) return { ...absent(at, length, depth - 1), ...above };
    const status = layer.statusAt(at, Math.min(length, layer.length - at));
    length = Math.min(length, status.length);
    if (!status.isAllocated) {
      above = placeOf(layer, status);
      if (layer.backing === null) {
        return { ...absent(at, length, depth), ...above, isZero: isZeroWhereAbsent(layer) };
      }
      continue;
    }
    return {
      start: at,
      length,
      depth,
      isPresent: true,
      isZero: status.isZero,
      isData: status.isData,
      ...placeOf(layer, status),
    };
  }
  return absent(at, length, 0);
}

function placeOf(layer: BlockNode, { hostOffset }: BlockStatus): Pick<MapEntry, 'offset' | 'file'> {
  return { offset: hostOffset, file: hostOffset === null ? null : lowestOf(layer) };
}

function lowestOf(node: BlockNode): BlockNode {
  const below = node.dataFile ?? node.file;
  return below === null ? node : lowestOf(below);
}

function absent(start: number, length: number, depth: number): MapEntry {
  return { start, length, depth, isPresent: false, isZero: true, isData: false, offset: null, file: null };
}

function continues(entry: MapEntry, next: MapEntry): boolean {
  return (
    entry.depth === next.depth &&
    entry.isPresent === next.isPresent &&
    entry.isZero === next.isZero &&
    entry.isData === next.isData &&
    entry.file === next.file &&
    (entry.offset === null ? next.offset === null : next.offset === entry.offset + entry.length)
  );
}

/** Entries in JSON. What hardly differs between neighbours is put together once. */
class JsonEntries {
  #like: MapEntry | null = null;
  #middle = '';

  textOf(entry: MapEntry): string {
    if (this.#like === null || !hasSameMiddle(this.#like, entry)) {
      const { length, depth, isPresent, isZero, isData } = entry;
      this.#middle = `, "length": ${decimal(length)}, "depth": ${depth}, "present": ${isPresent}, "zero": ${isZero}, "data": ${isData}`;
      this.#like = entry;
    }
    const position = entry.offset === null ? '' : `, "offset": ${decimal(entry.offset)}`;
    return `{ "start": ${decimal(entry.start)}${this.#middle}${position}}`;
  }
}

function hasSameMiddle(entry: MapEntry, other: MapEntry): boolean {
  return (
    entry.length === other.length &&
    entry.depth === other.depth &&
    entry.isPresent === other.isPresent &&
    entry.isZero === other.isZero &&
    entry.isData === other.isData
  );
}

function humanEntry({ start, length, offset, file }: MapEntry): string {
  if (offset === null) throw new ImgFailure('File contains external, encrypted or compressed clusters.');
  return row(hex(start), hex(length), hex(offset), file!.filename);
}

function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

function row(...columns: readonly [string, string, string, string]): string {
  const [a, b, c, file] = columns;
  return `${a.padEnd(16)}${b.padEnd(16)}${c.padEnd(16)}${file}\n`;
}
