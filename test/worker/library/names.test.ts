import { describe, expect, it } from 'vitest';
import { freeName, mustBeFileName } from '../../../src/worker/library/names.ts';

describe('the name of an image', () => {
  it.each(['a', 'a.qcow2', 'mit Leerzeichen.qcow2', '.hidden', 'ä', 'x'.repeat(255)])('may be %j', (name) => {
    expect(() => mustBeFileName(name)).not.toThrow();
  });

  it.each(['', ' ', ' a', 'a ', '.', '..', 'a/b', 'a\\b', 'a\nb', 'x'.repeat(256), 'ü'.repeat(128)])(
    'may not be %j',
    (name) => {
      expect(() => mustBeFileName(name)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );

  it.each([
    ['a.qcow2', [], 'a.qcow2'],
    ['a.qcow2', ['a.qcow2'], 'a 2.qcow2'],
    ['a.qcow2', ['a.qcow2', 'a 2.qcow2'], 'a 3.qcow2'],
    ['a', ['a'], 'a 2'],
    ['.a', ['.a'], '.a 2'],
    ['a.tar.gz', ['a.tar.gz'], 'a.tar 2.gz'],
  ])('%j beside %j becomes %j', (wanted, taken, free) => {
    expect(freeName(wanted, taken)).toBe(free);
  });
});
