import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeStorage } from '#node';
import { pattern, readBack } from '../engine/storage/contract.ts';

const MIB = 1024 * 1024;
/** What other programs do to a file is looked for once in each turn of the event loop. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const KIB = 1024;

/** Bytes that a file takes on its disk. */
function spaceOf(path: string): number {
  return statSync(path).blocks * 512;
}

/** Where the holes of a storage are said to be. */
function holesOf(storage: NodeStorage): [number, number][] | null {
  const holes: [number, number][] = [];
  for (let at = 0; at < storage.size;) {
    const run = storage.runAt(at);
    if (run === null) return null;
    if (run.isHole) holes.push([at, at + run.length]);
    at += run.length;
  }
  return holes;
}

/** Of many bytes, faster than a comparison of arrays. */
function expectSame(bytes: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.compare(bytes, expected)).toBe(0);
}

// In memory and on the disk; only Linux has both.
const FOLDERS = [tmpdir(), '/dev/shm'].filter((folder) => existsSync(folder));

describe.runIf(process.platform === 'linux').each(FOLDERS)('holes of a file in %s', (parent) => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(parent, 'holes-'));
    path = join(directory, 'a $(name) with \'quotes"\n');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  function filled(length = 4 * MIB): NodeStorage {
    writeFileSync(path, pattern(length));
    return new NodeStorage(path, 'write');
  }

  describe('that are made', () => {
    it('give their space back when the file is closed', () => {
      const storage = filled();
      storage.discard(MIB, 2 * MIB);
      expect(spaceOf(path)).toBe(4 * MIB);
      storage.close();
      expect(spaceOf(path)).toBe(2 * MIB);
      const expected = pattern(4 * MIB).fill(0, MIB, 3 * MIB);
      expectSame(readFileSync(path), expected);
    });

    it('leave out what was written again', async () => {
      const storage = filled();
      storage.discard(0, 4 * MIB);
      storage.write(MIB, pattern(MIB));
      await storage.writeLater(3 * MIB, pattern(64 * KIB));
      storage.close();
      expect(spaceOf(path)).toBe(MIB + 64 * KIB);
      const reader = new NodeStorage(path, 'read');
      expectSame(readBack(reader, MIB, MIB), pattern(MIB));
      expectSame(readBack(reader, 3 * MIB, 64 * KIB), pattern(64 * KIB));
      reader.close();
    });

    it('are made of whole pages, but for the end of the file', () => {
      const storage = filled(MIB + 100);
      storage.discard(100, 8000);
      storage.discard(64 * KIB, MIB);
      storage.close();
      const bytes = readFileSync(path);
      const expected = pattern(MIB + 100).fill(0, 4096, 4096);
      expectSame(bytes.subarray(0, 64 * KIB), expected.subarray(0, 64 * KIB));
      expect(bytes.subarray(64 * KIB).every((byte) => byte === 0)).toBe(true);
      expect({ size: statSync(path).size, space: spaceOf(path) }).toEqual({ size: MIB + 100, space: 64 * KIB });
    });

    it('do not outlive a truncate', () => {
      const storage = filled();
      storage.discard(MIB, 3 * MIB);
      storage.truncate(2 * MIB);
      storage.write(2 * MIB, pattern(MIB));
      storage.close();
      expect(spaceOf(path)).toBe(2 * MIB);
      const reader = new NodeStorage(path, 'read');
      expectSame(readBack(reader, 2 * MIB, MIB), pattern(MIB));
      reader.close();
    });

    it('come at once where much was discarded', () => {
      const storage = new NodeStorage(path, 'create');
      storage.truncate(300 * MIB);
      storage.write(MIB, pattern(MIB));
      storage.discard(0, 300 * MIB);
      expect(spaceOf(path)).toBe(0);
      storage.close();
    });

    it('come even if the file was renamed', () => {
      const storage = filled();
      storage.discard(0, MIB);
      const renamed = join(directory, 'renamed');
      renameSync(path, renamed);
      storage.close();
      expect(spaceOf(renamed)).toBe(3 * MIB);
    });

    it('are many', () => {
      const storage = filled(64 * MIB);
      for (let at = 0; at < 64 * MIB; at += 8 * KIB) storage.discard(at, 4 * KIB);
      storage.close();
      expect(spaceOf(path)).toBeLessThan(34 * MIB);
    });

    it('are none where the system has no program to make them', () => {
      vi.stubEnv('PATH', directory);
      const storage = filled();
      storage.discard(0, MIB);
      storage.close();
      expect(spaceOf(path)).toBe(4 * MIB);
      expectSame(readFileSync(path), pattern(4 * MIB));
    });
  });

  describe('that are there', () => {
    it('are told', () => {
      writeFileSync(path, '');
      truncateSync(path, 10 * MIB);
      const storage = new NodeStorage(path, 'write');
      storage.write(2 * MIB, pattern(MIB));
      storage.write(5 * MIB, pattern(8 * KIB));
      expect(holesOf(storage)).toEqual([
        [0, 2 * MIB],
        [3 * MIB, 5 * MIB],
        [5 * MIB + 8 * KIB, 10 * MIB],
      ]);
      expect(storage.runAt(2.5 * MIB)).toEqual({ isHole: false, length: 0.5 * MIB });
      storage.close();
    });

    it('are told as they are after each change', async () => {
      const storage = filled();
      expect(holesOf(storage)).toEqual([]);
      storage.truncate(6 * MIB);
      expect(holesOf(storage)).toEqual([[4 * MIB, 6 * MIB]]);
      storage.write(5 * MIB, pattern(MIB));
      expect(holesOf(storage)).toEqual([[4 * MIB, 5 * MIB]]);
      execFileSync('fallocate', ['--punch-hole', '-o', '0', '-l', String(MIB), path]);
      await nextTurn();
      expect(holesOf(storage)).toEqual([
        [0, MIB],
        [4 * MIB, 5 * MIB],
      ]);
      storage.close();
    });

    it('are not told of what somebody else has cut off', async () => {
      const storage = filled();
      expect(storage.runAt(2 * MIB)).toEqual({ isHole: false, length: 2 * MIB });
      truncateSync(path, MIB);
      await nextTurn();
      expect(storage.runAt(2 * MIB)).toBeNull();
      expect(storage.runAt(0)).toEqual({ isHole: false, length: MIB });
      storage.close();
    });

    it('are told of an empty file, and of one that ends within a page', () => {
      const storage = new NodeStorage(path, 'create');
      expect(holesOf(storage)).toEqual([]);
      storage.write(0, pattern(5000));
      expect(storage.runAt(1000)).toEqual({ isHole: false, length: 4000 });
      storage.close();
    });

    it('are not told where the system has no program that sees them', () => {
      vi.stubEnv('PATH', directory);
      const storage = filled();
      expect(storage.runAt(0)).toBeNull();
      storage.close();
    });
  });

  it('are filled with space that is reserved', () => {
    const storage = filled(MIB);
    expect(storage.reserve(MIB, 3 * MIB)).toBe(true);
    expect(storage.size).toBe(4 * MIB);
    expect(readBack(storage, MIB, 100)).toEqual(new Uint8Array(100));
    storage.close();
    expect({ size: statSync(path).size, space: spaceOf(path) }).toEqual({ size: 4 * MIB, space: 4 * MIB });
  });

  it('are as long as before where more is to be reserved than there is', () => {
    const storage = filled(MIB);
    expect(storage.reserve(MIB, 2 ** 45)).toBe(false);
    expect(storage.size).toBe(MIB);
    storage.close();
    expect({ size: statSync(path).size, space: spaceOf(path) }).toEqual({ size: MIB, space: MIB });
  });
});

describe('what has no holes', () => {
  it('tells of none, and takes a discard', () => {
    const storage = new NodeStorage('/dev/null', 'write');
    expect(storage.runAt(0)).toBeNull();
    storage.discard(0, 100);
    expect(storage.reserve(0, 100)).toBe(false);
    storage.close();
  });
});
