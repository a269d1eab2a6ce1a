import { expect, it } from 'vitest';
import { checkImage, checkOutput, createImage, drain, HEADER, MemoryStorage, planRepair, repairOutput } from '#engine';

it('counts the lines that are not kept', () => {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: 512 });
  storage.write(HEADER.fields.refcountTableOffset.at, new Uint8Array(8).fill(0, 0, 6).fill(64, 6, 7));
  const whole = checkOutput(drain(checkImage(storage))).stderr.split('\n');
  expect(whole.length).toBeGreaterThan(3);
  const cut = checkOutput(drain(checkImage(storage, { messagesMax: 2 }))).stderr;
  expect(cut).toBe(`${whole[0]}\n${whole[1]}\n${whole.length - 3} further lines are left out.\n`);
  const repaired = repairOutput(drain(planRepair(storage, 'all', { messagesMax: 2 }))).stderr;
  expect(repaired).toMatch(/^.*\n.*\n\d+ further lines are left out\.\n/);
});
