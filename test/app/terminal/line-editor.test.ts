import { describe, expect, it } from 'vitest';
import { edited, type Edit } from '../../../src/app/state/terminal/line-editor.ts';

/** The line with `|` for the cursor, before and after. */
function after(line: string, ...edits: Edit[]): string {
  let state = { text: line.replace('|', ''), cursor: line.indexOf('|'), killed: '' };
  for (const edit of edits) state = edited(state, edit);
  return `${state.text.slice(0, state.cursor)}|${state.text.slice(state.cursor)}`;
}

describe('the line editor', () => {
  it.each<[string, Edit[], string]>([
    ['ab|c', ['to-start'], '|abc'],
    ['a|bc', ['to-end'], 'abc|'],
    ['|abc', ['left'], '|abc'],
    ['abc|', ['right'], 'abc|'],
    ['qemu-img info a.qcow2|', ['word-left'], 'qemu-img info a.|qcow2'],
    ['qemu-img | info', ['word-left'], 'qemu-|img  info'],
    ['|  qemu-img', ['word-right'], '  qemu|-img'],
    ['a|bc', ['delete'], 'a|c'],
    ['ab|c', ['erase'], 'a|c'],
    ['a|bc', ['kill-to-end'], 'a|'],
    ['ab|c', ['kill-to-start'], '|c'],
    ['info a.qcow2 |x', ['kill-to-blank'], 'info |x'],
    ['info a.qcow2|', ['kill-word-left'], 'info a.|'],
    ['|info a', ['kill-word-right'], '| a'],
    ['one |two', ['kill-to-end', 'to-start', 'put-back'], 'two|one '],
    ['ab|c', ['kill-to-start', 'kill-to-start', 'put-back'], 'ab|c'],
    ['ab|', ['transpose'], 'ba|'],
    ['a|bc', ['transpose'], 'ba|c'],
    ['|abc', ['transpose'], '|abc'],
  ])('%s, %j: %s', (line, edits, expected) => expect(after(line, ...edits)).toBe(expected));
});
