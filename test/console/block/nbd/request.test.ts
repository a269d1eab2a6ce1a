import { describe, expect, it } from 'vitest';
import { perform, ServerError } from '../../../../src/console/block/nbd/request.ts';
import { COMMAND } from '../../../../src/console/block/nbd/wire.ts';
import { be, joined, ScriptedStream } from './scripted-server.ts';

const COOKIE = 9;

function simple(error: number, data = new Uint8Array()): Uint8Array {
  return joined(be(0x67446698, 4), be(error, 4), be(COOKIE, 8), data);
}

function chunk(type: number, content: Uint8Array, { isLast = false, cookie = COOKIE } = {}): Uint8Array {
  const header = joined(be(0x668e33ef, 4), be(isLast ? 1 : 0, 2), be(type, 2), be(cookie, 8));
  return joined(header, be(content.length, 4), content);
}

const last = chunk(0, new Uint8Array(), { isLast: true });
const data = (at: number, ...bytes: number[]) => chunk(1, joined(be(at, 8), Uint8Array.from(bytes)));
const hole = (at: number, length: number) => chunk(2, joined(be(at, 8), be(length, 4)));

function read(...answers: readonly Uint8Array[]): number[] {
  const into = new Uint8Array(4).fill(0xff);
  perform(new ScriptedStream(...answers), { command: COMMAND.read, at: 1000, length: 4, into }, COOKIE);
  return [...into];
}

describe('a request', () => {
  it('goes out as the protocol has it, with the bytes of a write behind', () => {
    const stream = new ScriptedStream(simple(0));
    const bytes = Uint8Array.of(1, 2);
    perform(stream, { command: COMMAND.write, at: 2 ** 33 + 5, length: 2, flags: 2, bytes }, COOKIE);
    const header = joined(be(0x25609513, 4), be(2, 2), be(1, 2), be(COOKIE, 8), be(2 ** 33 + 5, 8), be(2, 4));
    expect(Uint8Array.from(stream.sent)).toEqual(joined(header, bytes));
  });

  it('reads one answer, or parts in any order', () => {
    expect(read(simple(0, Uint8Array.of(1, 2, 3, 4)))).toEqual([1, 2, 3, 4]);
    expect(read(hole(1002, 2), data(1000, 7, 8), last)).toEqual([7, 8, 0, 0]);
  });

  it('asks what is allocated', () => {
    const runs = joined(be(5, 4), be(100, 4), be(3, 4), be(50, 4), be(0, 4));
    const stream = new ScriptedStream(chunk(5, runs, { isLast: true }));
    const request = { command: COMMAND.blockStatus, at: 0, length: 80, context: 5 };
    expect(perform(stream, request, COOKIE)).toEqual({ length: 80, isHole: true, isZero: true });
  });

  it.each([
    [22, 'invalid-argument'],
    [28, 'no-space'],
    [5, 'io'],
  ])('tells error %i of the server as %s, and the connection goes on', (error, code) => {
    expect(() => read(simple(error))).toThrow(ServerError);
    expect(() => read(simple(error))).toThrow(expect.objectContaining({ code }));
    const told = chunk(2 ** 15 + 1, joined(be(error, 4), be(3, 2), 'why'));
    expect(() => read(told, data(1000, 1, 2, 3, 4), last)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching('why') as string }),
    );
  });

  it.each([
    ['bytes that were left out', [data(1000, 1, 2), last]],
    ['bytes before what was asked', [data(999, 1, 2, 3, 4), last]],
    ['bytes behind it', [data(1003, 1, 2), last]],
    ['an answer to another request', [chunk(0, new Uint8Array(), { isLast: true, cookie: COOKIE + 1 })]],
    ['an unknown kind of answer', [chunk(77, new Uint8Array(3)), last]],
    ['an endless text', [joined(chunk(2 ** 15 + 1, new Uint8Array()).subarray(0, 16), be(2 ** 31, 4))]],
    ['something else', [new Uint8Array(16).fill(1)]],
    ['the end of the stream', [data(1000, 1, 2, 3, 4)]],
  ])('gives the connection up at %s', (_, answers) => {
    const failure = (() => {
      try {
        read(...answers);
      } catch (error) {
        return error;
      }
      return null;
    })();
    expect(failure).toMatchObject({ code: 'io' });
    expect(failure).not.toBeInstanceOf(ServerError);
  });
});
