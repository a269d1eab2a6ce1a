import { expect, it } from 'vitest';
import { checkImage, checkOutput, createImage, drain, HEADER, MemoryStorage } from '#engine';

it('counts in the summary what no line is kept of', () => {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: 512 });
  storage.write(HEADER.fields.refcountTableOffset.at, new Uint8Array(8).fill(0, 0, 6).fill(64, 6, 7));
  const whole = checkOutput(drain(checkImage(storage)));
  const lines = whole.stderr.split('\n');
  expect(lines.length).toBeGreaterThan(3);
  const cut = checkOutput(drain(checkImage(storage, { messagesMax: 2 })));
  expect(cut).toEqual({ ...whole, stderr: `${lines[0]}\n${lines[1]}\n` });
});
