export const SECTOR = 512;
const LINE = 32;

/**
 * Who filled a sector. Each sector the guest writes says so in readable text, sixteen lines of 32 bytes, so that a
 * sector which turns up at the wrong address, or an older version of it, is recognised, in a hex view too.
 */
export type Author =
  | { readonly kind: 'operation'; readonly operation: number }
  | { readonly kind: 'preparation'; readonly operation: number }
  | { readonly kind: 'backing' };

/** The sectors [at, at + length) as `author` writes them; both multiples of 512. */
export function writtenBytes(author: Author, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; done += SECTOR) {
    const line = new TextEncoder().encode(lineOf(author, at + done));
    for (let start = done; start < done + SECTOR; start += LINE) bytes.set(line, start);
  }
  return bytes;
}

/** Who wrote this sector for which guest position; null where it is no such text. */
export function authorOf(sector: Uint8Array): { author: Author; at: number } | null {
  const match = LINE_PATTERN.exec(new TextDecoder().decode(sector.subarray(0, LINE)));
  if (match === null) return null;
  const [, word, index, position] = match;
  const operation = Number(index) - 1;
  const author: Author =
    word === 'op' ? { kind: 'operation', operation } : word === 'prep' ? { kind: 'preparation', operation } : BACKING;
  const at = Number.parseInt(position!, 16);
  return isFilledWithFirstLine(sector) ? { author, at } : null;
}

/** `op 3`, `preparation 1`, `backing file`, `zeros` or `other bytes`; operations are counted from 1 for people. */
export function contentText(sector: Uint8Array): string {
  const found = authorOf(sector);
  if (found === null) return isZero(sector) ? 'zeros' : 'other bytes';
  const { author } = found;
  if (author.kind === 'backing') return 'backing file';
  return `${author.kind === 'operation' ? 'op' : 'preparation'} ${author.operation + 1}`;
}

export const BACKING: Author = { kind: 'backing' };

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

const LINE_PATTERN = /^(op|prep|base) +(\d+)? +guest 0x([0-9a-f]{12}) {3}\n$/;

function lineOf(author: Author, at: number): string {
  const word = author.kind === 'operation' ? 'op' : author.kind === 'preparation' ? 'prep' : 'base';
  const index = author.kind === 'backing' ? '' : String(author.operation + 1);
  return `${word}${index.padStart(7 - word.length)} guest 0x${at.toString(16).padStart(12, '0')}   \n`;
}

function isFilledWithFirstLine(sector: Uint8Array): boolean {
  for (let i = LINE; i < sector.length; i++) {
    if (sector[i] !== sector[i - LINE]) return false;
  }
  return true;
}
