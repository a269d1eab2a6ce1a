import type { ConsoleText } from '#protocol';

/** A piece of what stands on the console, from top to bottom. */
export type Block =
  | { readonly kind: 'input'; readonly id: number; readonly prompt: string; readonly line: string }
  | {
      readonly kind: 'text';
      readonly id: number;
      readonly stream: ConsoleText['stream'];
      readonly text: string;
      /** Line ends in `text`. */
      readonly lineCount: number;
    };

export interface Transcript {
  readonly blocks: readonly Block[];
  /** Lines in all blocks. */
  readonly lineCount: number;
  /** Lines that stood further up and are gone. */
  readonly droppedLines: number;
  readonly lastId: number;
}

export const EMPTY: Transcript = { blocks: [], lineCount: 0, droppedLines: 0, lastId: 0 };

/** A block is one element of the page: large enough that there are few, small enough to be laid out at once. */
const BLOCK_LINES = 200;
/** Older lines are dropped. */
const LINES_MAX = 20_000;

export function addInput(transcript: Transcript, prompt: string, line: string): Transcript {
  return add(transcript, { kind: 'input', id: transcript.lastId + 1, prompt, line }, 1);
}

export function addText(transcript: Transcript, { stream, text }: ConsoleText): Transcript {
  let grown = transcript;
  for (const part of blocksOf(text, roomIn(transcript, stream))) grown = addPart(grown, stream, part);
  return grown;
}

/** Takes the last line off if it was not ended: a prompt, which belongs before what is typed. */
export function takeOpenLine(transcript: Transcript): { readonly transcript: Transcript; readonly line: string } {
  const last = transcript.blocks.at(-1);
  if (last?.kind !== 'text' || last.text.endsWith('\n')) return { transcript, line: '' };
  const start = last.text.lastIndexOf('\n') + 1;
  const before = transcript.blocks.slice(0, -1);
  const blocks = start === 0 ? before : [...before, { ...last, text: last.text.slice(0, start) }];
  return { transcript: { ...transcript, blocks }, line: last.text.slice(start) };
}

function addPart(transcript: Transcript, stream: ConsoleText['stream'], text: string): Transcript {
  const last = transcript.blocks.at(-1);
  const lineCount = countLines(text);
  if (last?.kind === 'text' && last.stream === stream && (last.lineCount < BLOCK_LINES || !last.text.endsWith('\n'))) {
    const joined = { ...last, text: overtyped(last.text, text), lineCount: last.lineCount + lineCount };
    return trim({
      ...transcript,
      blocks: [...transcript.blocks.slice(0, -1), joined],
      lineCount: transcript.lineCount + lineCount,
    });
  }
  return add(
    transcript,
    { kind: 'text', id: transcript.lastId + 1, stream, text: overtyped('', text), lineCount },
    lineCount,
  );
}

function add(transcript: Transcript, block: Block, lineCount: number): Transcript {
  return trim({
    ...transcript,
    blocks: [...transcript.blocks, block],
    lineCount: transcript.lineCount + lineCount,
    lastId: block.id,
  });
}

/** Lines that the last block still takes. */
function roomIn({ blocks }: Transcript, stream: ConsoleText['stream']): number {
  const last = blocks.at(-1);
  return last?.kind === 'text' && last.stream === stream ? Math.max(0, BLOCK_LINES - last.lineCount) : BLOCK_LINES;
}

/** Cuts a text into parts of at most BLOCK_LINES lines, the first of at most `room`. */
function* blocksOf(text: string, room: number): Generator<string> {
  let start = 0;
  let lines = 0;
  for (let end = text.indexOf('\n') + 1; end > 0; end = text.indexOf('\n', end) + 1) {
    if (++lines < Math.max(1, start === 0 ? room : BLOCK_LINES)) continue;
    yield text.slice(start, end);
    start = end;
    lines = 0;
  }
  if (start < text.length) yield text.slice(start);
}

/** Adds a text as a terminal does: after a carriage return the line is overwritten from its start. */
function overtyped(before: string, text: string): string {
  if (!text.includes('\r') && !before.includes('\r', before.lastIndexOf('\n') + 1)) return before + text;
  const start = before.lastIndexOf('\n') + 1;
  const lines = (before.slice(start) + text)
    .split('\n')
    .map((line, index, all) => (index < all.length - 1 ? typedOver(line) : openLine(line)));
  return before.slice(0, start) + lines.join('\n');
}

/** A return at the end of what has come so far stays: what it overwrites is to be seen until more comes. */
function openLine(line: string): string {
  return line.endsWith('\r') ? `${typedOver(line)}\r` : typedOver(line);
}

function typedOver(line: string): string {
  const parts = line.replace(/\r+$/, '').split('\r');
  return parts.reduce((under, over) => over + under.slice(over.length));
}

function trim(transcript: Transcript): Transcript {
  if (transcript.lineCount <= LINES_MAX) return transcript;
  let excess = transcript.lineCount - LINES_MAX;
  let count = 0;
  for (const block of transcript.blocks) {
    const lines = block.kind === 'text' ? block.lineCount : 1;
    if (lines > excess) break;
    excess -= lines;
    count++;
  }
  const dropped = transcript.lineCount - LINES_MAX - excess;
  return {
    ...transcript,
    blocks: transcript.blocks.slice(count),
    lineCount: transcript.lineCount - dropped,
    droppedLines: transcript.droppedLines + dropped,
  };
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
