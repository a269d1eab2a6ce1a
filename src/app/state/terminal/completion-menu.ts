import type { Candidate, Completion } from '#protocol';
import type { EditedLine } from './line-editor.ts';

/** Candidates to choose from; `index` is the one that stands in the line, null before any was chosen. */
export interface CompletionMenu {
  readonly completion: Completion;
  /** The line as it was typed. */
  readonly typed: EditedLine;
  readonly index: number | null;
}

/** The line after the first Tab: the only candidate, or what all have in common; and the menu where there are several. */
export function completed(
  typed: EditedLine,
  completion: Completion,
): { line: EditedLine; menu: CompletionMenu | null } {
  const { candidates, from, to } = completion;
  if (candidates.length === 0) return { line: typed, menu: null };
  if (candidates.length === 1) return { line: replaced(typed, completion, candidates[0]!.text), menu: null };
  const common = commonStart(candidates);
  const line = common.length > to - from ? replaced(typed, completion, common) : typed;
  return { line, menu: { completion: { ...completion, to: line.cursor }, typed: line, index: null } };
}

/** Steps through the candidates, round and round. */
export function stepped(menu: CompletionMenu, step: 1 | -1): { line: EditedLine; menu: CompletionMenu } {
  const count = menu.completion.candidates.length;
  const index = menu.index === null ? (step === 1 ? 0 : count - 1) : (menu.index + step + count) % count;
  return chosen(menu, index);
}

export function chosen(menu: CompletionMenu, index: number): { line: EditedLine; menu: CompletionMenu } {
  const { text } = menu.completion.candidates[index]!;
  return { line: replaced(menu.typed, menu.completion, text), menu: { ...menu, index } };
}

function replaced(line: EditedLine, { from, to }: Completion, text: string): EditedLine {
  const after = line.text.slice(to);
  // A blank that is there already is not doubled.
  const put = text.endsWith(' ') && after.startsWith(' ') ? text.slice(0, -1) : text;
  return { ...line, text: line.text.slice(0, from) + put + after, cursor: from + put.length };
}

function commonStart(candidates: readonly Candidate[]): string {
  let common = candidates[0]!.text;
  for (const { text } of candidates) {
    let length = 0;
    while (length < common.length && common[length] === text[length]) length++;
    common = common.slice(0, length);
  }
  return common;
}
