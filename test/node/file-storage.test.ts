import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

  it('keeps a large file sparse', () => {
    const storage = new NodeStorage(path, 'create');
    storage.truncate(100 * 2 ** 30);
    storage.write(99 * 2 ** 30, pattern(10));
    storage.close();
    expect(statSync(path).blocks * 512).toBeLessThan(1024 * 1024);
  });
});
