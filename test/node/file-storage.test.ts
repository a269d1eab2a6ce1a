import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeStorage } from '#node';
import { codeOf, describeStorageContract, pattern, readBack } from '../engine/storage/contract.ts';

describeStorageContract('a file of the operating system', () => {
  const directory = mkdtempSync(join(tmpdir(), 'node-storage-'));
  const path = join(directory, 'file');
  return {
    open: () => new NodeStorage(path, existsSync(path) ? 'write' : 'create'),
    remove: () => rmSync(directory, { recursive: true }),
    isPersistent: true,
  };
});

describe('a file of the operating system', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'node-storage-'));
    path = join(directory, 'file');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('reads a file opened for reading and refuses to change it', () => {
    writeFileSync(path, pattern(1000));
    const storage = new NodeStorage(path, 'read');
    expect(storage.isReadOnly).toBe(true);
    expect(readBack(storage, 10, 20)).toEqual(pattern(1000).subarray(10, 30));
    expect(codeOf(() => storage.write(0, new Uint8Array(1)))).toBe('read-only');
    expect(codeOf(() => storage.truncate(0))).toBe('read-only');
    storage.close();
    expect(new Uint8Array(readFileSync(path))).toEqual(pattern(1000));
  });

  it('has one writer and nobody else, or readers', () => {
    writeFileSync(path, pattern(1000));
    const readers = [new NodeStorage(path, 'read'), new NodeStorage(path, 'read')];
    for (const mode of ['write', 'create'] as const) expect(codeOf(() => new NodeStorage(path, mode))).toBe('locked');
    expect(new Uint8Array(readFileSync(path))).toEqual(pattern(1000));
    for (const reader of readers) reader.close();
    const link = join(directory, 'link');
    symlinkSync(path, link);
    const writer = new NodeStorage(link, 'write');
    for (const mode of ['read', 'write', 'create'] as const) {
      expect(codeOf(() => new NodeStorage(path, mode))).toBe('locked');
    }
    writer.close();
    const next = new NodeStorage(path, 'create');
    expect(next.size).toBe(0);
    next.close();
  });

  it('says that a file is missing', () => {
    expect(codeOf(() => new NodeStorage(path, 'read'))).toBe('not-found');
  });

  it('says that it may not read', () => {
    writeFileSync(path, pattern(1));
    chmodSync(path, 0);
    const mayReadAnything = process.getuid?.() === 0;
    expect(codeOf(() => new NodeStorage(path, 'read').close())).toBe(mayReadAnything ? 'none' : 'permission');
  });

  it('says that the disk is full', () => {
    const storage = new NodeStorage('/dev/full', 'write');
    expect(codeOf(() => storage.write(0, new Uint8Array(10)))).toBe('no-space');
    storage.close();
  });

  it('reads and writes while the program goes on', async () => {
    const storage = new NodeStorage(path, 'create');
    await Promise.all([storage.writeLater(1000, pattern(500)), storage.writeLater(0, pattern(1000))]);
    expect(storage.size).toBe(1500);
    const [first, second] = [new Uint8Array(1000), new Uint8Array(600).fill(1)];
    await Promise.all([storage.readLater(0, first), storage.readLater(1000, second)]);
    expect(first).toEqual(pattern(1000));
    // Past the end it reads zeros.
    expect(second).toEqual(Uint8Array.from([...pattern(500), ...new Uint8Array(100)]));
    storage.close();
    await expect(storage.writeLater(0, pattern(1))).rejects.toMatchObject({ code: 'closed' });
    const full = new NodeStorage('/dev/full', 'write');
    await expect(full.writeLater(0, pattern(1))).rejects.toMatchObject({ code: 'no-space' });
    full.close();
  });

  it('keeps a large file sparse', () => {
    const storage = new NodeStorage(path, 'create');
    storage.truncate(100 * 2 ** 30);
    storage.write(99 * 2 ** 30, pattern(10));
    storage.close();
    expect(statSync(path).blocks * 512).toBeLessThan(1024 * 1024);
  });
});
