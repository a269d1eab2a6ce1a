import { describe, expect, it } from 'vitest';
import { isEngineError, type EngineError } from '#engine';
import { OpfsStorage, type AccessHandle } from '../../../src/worker/storage/opfs.ts';
import { pattern } from '../../engine/storage/contract.ts';

/** A file on a disk of `capacity` bytes that behaves as Chromium's handles were seen to behave at their limits. */
function handleOn(capacity: number, options: { writeAtLimit?: (asked: number) => number; truncates?: boolean } = {}) {
  let bytes = new Uint8Array(0);
  const resize = (size: number) => {
    const resized = new Uint8Array(size);
    resized.set(bytes.subarray(0, size));
    bytes = resized;
  };
  const handle = {
    read: (into: Uint8Array, { at }: { at: number }) => {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      return part.length;
    },
    write: (from: Uint8Array, { at }: { at: number }) => {
      const fits = Math.max(0, Math.min(from.length, capacity - at));
      if (fits < from.length && options.writeAtLimit !== undefined) return options.writeAtLimit(from.length);
      if (at + fits > bytes.length) resize(at + fits);
      bytes.set(from.subarray(0, fits), at);
      return fits;
    },
    truncate: (size: number) => {
      if (options.truncates ?? true) resize(size);
    },
    getSize: () => bytes.length,
    flush: () => undefined,
    close: () => undefined,
  };
  return handle as unknown as AccessHandle;
}

function errorOf(work: () => void): EngineError {
  try {
    work();
  } catch (error) {
    if (isEngineError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a sync access handle at its limits', () => {
  it('turns a short count on a full disk into an error that says how much is missing, and gives the room back', () => {
    const storage = new OpfsStorage(handleOn(1000), 'write');
    storage.write(0, pattern(900));
    const error = errorOf(() => storage.write(900, pattern(300)));
    expect(error.code).toBe('no-space');
    expect(error.message).toBe('The disk is full: 200 bytes are missing. The image is as it was before this write.');
    expect(storage.size).toBe(900);
    const into = new Uint8Array(200).fill(7);
    storage.read(800, into);
    expect(into).toEqual(Uint8Array.of(...pattern(900).slice(800), ...new Uint8Array(100)));
  });

  it('goes on after a count that was short for another reason', () => {
    const handle = handleOn(10_000);
    const { write } = handle;
    let calls = 0;
    handle.write = (bytes: AllowSharedBufferSource, options?: { at?: number }) =>
      write((bytes as Uint8Array<ArrayBuffer>).subarray(0, calls++ === 0 ? 10 : undefined), options);
    const storage = new OpfsStorage(handle, 'write');
    storage.write(0, pattern(100));
    expect(storage.size).toBe(100);
    expect(calls).toBe(2);
  });

  it('takes the absurd count past the quota for what it is', () => {
    const storage = new OpfsStorage(handleOn(100, { writeAtLimit: () => 4294967288 }), 'write');
    const error = errorOf(() => storage.write(0, pattern(300)));
    expect(error.code).toBe('quota');
    expect(error.message).toContain('300 bytes are missing');
    expect(storage.size).toBe(0);
  });

  it('notices a truncate that did nothing', () => {
    const storage = new OpfsStorage(handleOn(100, { truncates: false }), 'write');
    const error = errorOf(() => storage.truncate(5000));
    expect(error.code).toBe('quota');
    expect(error.message).toContain('5000 bytes are missing');
    expect(storage.size).toBe(0);
  });

  it.each([
    ['QuotaExceededError', 'quota'],
    ['NoModificationAllowedError', 'locked'],
    ['NotAllowedError', 'permission'],
    ['InvalidStateError', 'closed'],
    ['UnknownError', 'io'],
  ])('turns %s into %s', (name, code) => {
    const handle = handleOn(100);
    const storage = new OpfsStorage(handle, 'write');
    handle.write = () => {
      throw new DOMException('', name);
    };
    expect(errorOf(() => storage.write(0, pattern(1))).code).toBe(code);
  });
});
