import { expect, it } from 'vitest';
import { checkImage, checkOutput, checkTranscript, createImage, drain, HEADER, MemoryStorage } from '#engine';

function withoutRefcounts(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: 512 });
  storage.write(HEADER.fields.refcountTableOffset.at, new Uint8Array(8).fill(0, 0, 6).fill(64, 6, 7));
  return storage;
}

it('counts in the summary what no line is kept of', () => {
  const storage = withoutRefcounts();
  const whole = checkOutput(drain(checkImage(storage)));
  const lines = whole.stderr.split('\n');
  expect(lines.length).toBeGreaterThan(3);
  const cut = checkOutput(drain(checkImage(storage, { messagesMax: 2 })));
  expect(cut).toEqual({ ...whole, stderr: `${lines[0]}\n${lines[1]}\n` });
});

it('shows findings before the summary, and how many lines are left out', () => {
  const report = drain(checkImage(withoutRefcounts(), { messagesMax: 2 }));
  const { stderr, output } = checkOutput(report);
  expect(output).not.toBe('');
  expect(checkTranscript(report)).toBe(`${stderr}… and ${report.messagesOmitted} more lines\n${output}`);
});
