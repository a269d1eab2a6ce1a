import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../src/console/options/json-text.ts';

describe('objects in json: names', () => {
  it('have their members in the order of QEMU, whatever order they were made in', () => {
    const text = '{"offset": 512, "driver": "raw", "size": 1024, "file": {"driver": "file", "filename": "a"}}';
    expect(jsonText({ file: { filename: 'a', driver: 'file' }, driver: 'raw', size: 1024, offset: 512 })).toBe(text);
  });

  it('keep the types of values', () => {
    expect(jsonText(['a"b', 1, true, null])).toBe('["a\\"b", 1, true, null]');
  });
});
