import { describe, expect, it } from 'vitest';
import { equalCommand, fileWord, quote } from '../../../src/app/text/commands.ts';
import type { ImageTab } from '../../../src/app/state/route.ts';
import { describeError, errorCode, errorSentence } from '../../../src/app/text/errors.ts';
import { stateWords } from '../../../src/app/text/verdict.ts';

describe('errors in words', () => {
  const coded = (code: string, message: string) => Object.assign(new Error(message), { code });

  it('knows the engine’s codes', () => {
    expect(describeError(coded('not-qcow2', 'Image is not in qcow2 format'))).toMatchObject({
      code: 'not-qcow2',
      line: 'Image is not in qcow2 format',
    });
  });

  it('takes what it does not know for a mistake of ours', () => {
    expect(errorCode(coded('surprise', 'x'))).toBe('bug');
    expect(errorCode('just text')).toBe('bug');
  });

  it('understands what the browser throws', () => {
    expect(errorCode(new DOMException('', 'NotAllowedError'))).toBe('permission');
    expect(errorCode(new DOMException('', 'NotReadableError'))).toBe('stale');
    expect(errorCode(new DOMException('', 'QuotaExceededError'))).toBe('quota');
    expect(errorCode(new DOMException('', 'AbortError'))).toBe('cancelled');
  });

  it('says what happened, the line, what it means and what to do', () => {
    expect(errorSentence(coded('locked', 'Failed to get "write" lock'))).toBe(
      'Another tab, another program or the console has this image open. Failed to get "write" lock. Nothing was changed. Let it end or close it there, then try again.',
    );
  });
});

describe('stateWords', () => {
  const problem = (firstBytes: number[]) =>
    stateWords({
      kind: 'problem',
      code: 'not-qcow2',
      message: 'Image is not in qcow2 format',
      firstBytes: Uint8Array.from(firstBytes),
    }).sentence;

  it.each([
    [[0x4d, 0x5a, 0x90, 0], 'This is not a qcow2 image: it starts with 4d 5a, a Windows program.'],
    [[0x4b, 0x44, 0x4d, 0x56], 'This is not a qcow2 image: it starts with 4b 44 4d, a VMDK image.'],
    [[1, 2, 3, 4, 5], 'This is not a qcow2 image: it starts with 01 02 03 04.'],
    [[0, 0, 0, 0], 'This is not a qcow2 image: it starts with zeros, perhaps a raw disk.'],
    [[], 'This is not a qcow2 image: it is empty.'],
  ])('says what %j is instead', (bytes, sentence) => expect(problem(bytes)).toBe(sentence));
});

describe('equalCommand', () => {
  const route = (tab: ImageTab) => ({ place: 'image', id: 'opfs:a', tab, params: { at: '0x200' } }) as const;

  const line = (...args: Parameters<typeof equalCommand>) => equalCommand(...args)?.line;

  it('names the file for a shell', () => {
    expect(line(route('overview'), 'my disk.qcow2')).toBe("qemu-img info 'my disk.qcow2'");
    expect(quote("it's")).toBe(`'it'\\''s'`);
    expect(quote('a.qcow2')).toBe('a.qcow2');
  });

  it('keeps names apart from options and protocols', () => {
    expect(fileWord('-r')).toBe('./-r');
    expect(fileWord('a:b c')).toBe("'./a:b c'");
    expect(fileWord('a.qcow2')).toBe('a.qcow2');
  });

  it('follows what is on screen', () => {
    expect(equalCommand(route('check'), 'a')).toEqual({ line: 'qemu-img check a', changes: false });
    expect(equalCommand(route('check'), 'a', { repairMode: 'all' })).toEqual({
      line: 'qemu-img check -r all a',
      changes: true,
    });
    expect(line(route('structure'), 'a')).toBe("qemu-io -r -f raw -c 'read -v 0x200 512' a");
    expect(line({ ...route('structure'), params: {} }, 'a')).toBe('qcow2.py a dump-header');
    expect(line(route('guest'), 'a')).toBe("qemu-io -r -f qcow2 -c 'read -v 0x200 512' a");
    expect(equalCommand(route('guest'), 'a', { isEncrypted: true })).toBeNull();
    expect(equalCommand({ place: 'library' }, null)).toBeNull();
  });
});
