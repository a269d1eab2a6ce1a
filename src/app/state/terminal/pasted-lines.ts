/**
 * Pasted text as lines to be given one by one, and the rest behind the last line end, which stays to be edited. A
 * backslash at the end of a line joins the next one to it.
 */
export function pastedLines(text: string): { readonly lines: readonly string[]; readonly rest: string } {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .replace(/\\\n[ \t]*/g, '')
    .split('\n');
  const rest = lines.pop()!;
  return { lines, rest };
}
