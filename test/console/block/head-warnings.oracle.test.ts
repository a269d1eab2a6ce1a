import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HEADER, RAW_EXTERNAL_DATA_BIT } from '#engine';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const file = scratch.path('warned.qcow2');
beforeAll(() => {
  scratch.create('warned.qcow2', '1M');
  qemuImg('bitmap', '--add', file, 'b0');
});

it.each([
  ['check', 'and goes on', 0n],
  ['check', 'before it is refused', RAW_EXTERNAL_DATA_BIT],
  ['map', 'and goes on', 0n],
  ['map', 'before it is refused', RAW_EXTERNAL_DATA_BIT],
])('%s warns of bitmaps that nothing vouches for %s', async (command, _how, autoclearFeatures) => {
  const bytes = readFileSync(file);
  bytes.writeBigUInt64BE(autoclearFeatures, HEADER.fields.autoclearFeatures.at);
  writeFileSync(file, bytes);
  const { stdout, stderr, code } = qemuImg(command, file);
  expect(await ourQemuImg(command, file)).toMatchObject({ stdout, stderr, code });
});
