import { expect, it } from 'vitest';
import { createImage, drain, HEADER, MemoryStorage, planRepair, readHead } from '#engine';
import { luksLengthAt, newEncrypted } from '../luks/new-volume.ts';

// What a structure that ends behind the file still has must not pass for leaked clusters.

it('a repair leaves an encryption header alone that the file cuts off', () => {
  const storage = newEncrypted('luks', { clusterSize: 4096 });
  const { luks } = readHead(storage, { writable: false }).extensions;
  storage.truncate(luks!.offset + luks!.length - 100_000);
  const { steps, refused } = drain(planRepair(storage, 'all'));
  expect(refused).toMatch(/encryption header lies outside the file/);
  expect(steps).toEqual([]);
});

it('a repair leaves an encryption header alone that is longer than the image says', () => {
  const storage = newEncrypted('luks', { clusterSize: 4096 });
  const bytes = new Uint8Array(4096);
  storage.read(0, bytes);
  storage.write(luksLengthAt(bytes), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
  const { steps, refused } = drain(planRepair(storage, 'all'));
  expect(refused).toMatch(/longer than the image says/);
  expect(steps).toEqual([]);
});

it('a repair leaves a refcount table alone that the file cuts off', () => {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: 4096 });
  storage.write(HEADER.fields.refcountTableClusters.at, Uint8Array.of(0, 0, 0, 64));
  const { steps, refused } = drain(planRepair(storage, 'all'));
  expect(refused).toMatch(/refcount table lies outside the file/);
  expect(steps).toEqual([]);
});
