import { describe, expect, it } from 'vitest';
import { addInput, addText, EMPTY, takeOpenLine, type Transcript } from '../../../src/app/state/terminal/transcript.ts';

const out = (transcript: Transcript, text: string) => addText(transcript, { stream: 'out', text });
const texts = ({ blocks }: Transcript) => blocks.map((block) => (block.kind === 'text' ? block.text : block.line));

describe('the transcript', () => {
  it('joins output of one stream and keeps the streams in order', () => {
    let transcript = out(out(EMPTY, 'a\n'), 'b\n');
    transcript = addText(transcript, { stream: 'err', text: 'no\n' });
    expect(texts(out(transcript, 'c\n'))).toEqual(['a\nb\n', 'no\n', 'c\n']);
  });

  it('keeps the page small: few blocks, and only the latest lines', () => {
    const many = out(EMPTY, 'line\n'.repeat(1000));
    expect(many.blocks.length).toBeLessThan(8);
    expect(texts(many).join('')).toBe('line\n'.repeat(1000));
    const more = out(many, 'line\n'.repeat(30_000));
    expect(more.lineCount).toBeLessThanOrEqual(20_200);
    expect(more.lineCount + more.droppedLines).toBe(31_000);
    expect(texts(more).join('').split('\n').length - 1).toBe(more.lineCount);
  });

  it('does not cut a line that comes in pieces', () => {
    const transcript = out(out(EMPTY, `${'x\n'.repeat(199)}begin`), ' end\n');
    expect(texts(transcript).at(-1)).toMatch(/begin end\n$/);
  });

  it('overwrites a line after a carriage return, as a progress line wants', () => {
    let transcript = out(EMPTY, '    (1.00/100%)\r');
    transcript = out(transcript, '    (20.00/100%)\r');
    expect(texts(transcript)).toEqual(['    (20.00/100%)\r']);
    expect(texts(out(transcript, '\ndone\n'))).toEqual(['    (20.00/100%)\ndone\n']);
  });

  it('gives an unfinished last line as the prompt of what is typed next', () => {
    const taken = takeOpenLine(out(EMPTY, 'one\nqemu-io> '));
    expect(taken.line).toBe('qemu-io> ');
    expect(texts(addInput(taken.transcript, taken.line, 'quit'))).toEqual(['one\n', 'quit']);
    expect(takeOpenLine(out(EMPTY, 'one\n')).line).toBe('');
  });
});
