import { describe, expect, it } from 'vitest';
import { hasProtocol, joinPath, withoutProtocol } from '../../../src/console/block/path.ts';

describe('file names', () => {
  it.each([
    ['a:b', true],
    ['json:{}', true],
    ['./a:b', false],
    ['/tmp/a:b', false],
    ['ab', false],
  ])('%s has a protocol: %s', (name, has) => {
    expect(hasProtocol(name)).toBe(has);
  });

  it.each([
    ['dir/top', 'base', 'dir/base'],
    ['top', 'base', 'base'],
    ['dir/top', '/base', '/base'],
    ['file:top', 'base', 'file:base'],
    ['file:dir/top', 'base', 'file:dir/base'],
    ['dir/', '', 'dir/'],
  ])('beside %s, %s is %s', (file, name, joined) => {
    expect(joinPath(file, name)).toBe(joined);
  });

  it.each([
    ['file:a', 'a'],
    ['file:a:b', './a:b'],
    ['file:/tmp/a:b', '/tmp/a:b'],
    ['a', 'a'],
  ])('%s without its protocol is %s', (name, path) => {
    expect(withoutProtocol(name, 'file')).toBe(path);
  });
});
