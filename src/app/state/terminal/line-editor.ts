/** A line that is being typed. */
export interface EditedLine {
  readonly text: string;
  readonly cursor: number;
  /** What was cut last, to be put back. */
  readonly killed: string;
}

export type Edit =
  | 'to-start'
  | 'to-end'
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'delete'
  | 'erase'
  | 'kill-to-end'
  | 'kill-to-start'
  | 'kill-word-left'
  | 'kill-to-blank'
  | 'kill-word-right'
  | 'put-back'
  | 'transpose';

/** The line after an edit, as a shell's line editor does it. */
export function edited(line: EditedLine, edit: Edit): EditedLine {
  const { text, cursor } = line;
  switch (edit) {
    case 'to-start':
      return { ...line, cursor: 0 };
    case 'to-end':
      return { ...line, cursor: text.length };
    case 'left':
      return { ...line, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { ...line, cursor: Math.min(text.length, cursor + 1) };
    case 'word-left':
      return { ...line, cursor: wordStart(text, cursor) };
    case 'word-right':
      return { ...line, cursor: wordEnd(text, cursor) };
    case 'delete':
      return cut(line, cursor, Math.min(text.length, cursor + 1), line.killed);
    case 'erase':
      return cut(line, Math.max(0, cursor - 1), cursor, line.killed);
    case 'kill-to-end':
      return cut(line, cursor, text.length);
    case 'kill-to-start':
      return cut(line, 0, cursor);
    case 'kill-word-left':
      return cut(line, wordStart(text, cursor), cursor);
    case 'kill-to-blank':
      return cut(line, blankStart(text, cursor), cursor);
    case 'kill-word-right':
      return cut(line, cursor, wordEnd(text, cursor));
    case 'put-back':
      return inserted(line, line.killed);
    case 'transpose':
      return transposed(line);
  }
}

function inserted(line: EditedLine, text: string): EditedLine {
  const { cursor } = line;
  return { ...line, text: line.text.slice(0, cursor) + text + line.text.slice(cursor), cursor: cursor + text.length };
}

function cut(line: EditedLine, from: number, to: number, killed = line.text.slice(from, to)): EditedLine {
  return { text: line.text.slice(0, from) + line.text.slice(to), cursor: from, killed: killed || line.killed };
}

/** Swaps the characters around the cursor, at the end the last two. */
function transposed(line: EditedLine): EditedLine {
  const at = Math.min(line.cursor, line.text.length - 1);
  if (at < 1) return line;
  const swapped = line.text[at]! + line.text[at - 1]!;
  return { ...line, text: line.text.slice(0, at - 1) + swapped + line.text.slice(at + 1), cursor: at + 1 };
}

function wordStart(text: string, cursor: number): number {
  return /[\p{L}\p{N}]*[^\p{L}\p{N}]*$/u.exec(text.slice(0, cursor))!.index;
}

function wordEnd(text: string, cursor: number): number {
  return cursor + /^[^\p{L}\p{N}]*[\p{L}\p{N}]*/u.exec(text.slice(cursor))![0].length;
}

function blankStart(text: string, cursor: number): number {
  return /\S*\s*$/.exec(text.slice(0, cursor))!.index;
}
