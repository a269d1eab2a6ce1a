import { describe, expect, it } from 'vitest';
import { shakeHands } from '../../../../src/console/block/nbd/handshake.ts';
import { be, GREETING_NEW, joined, optionReply, ScriptedStream } from './scripted-server.ts';

const GIB = 2 ** 30;
const ACK = 1;
const INFO = 3;
const META = 4;
const UNSUPPORTED = 2 ** 31 + 1;
const UNKNOWN = 2 ** 31 + 6;
const PADDING = new Uint8Array(124);
const exportInfo = joined(be(0, 2), be(GIB, 8), be(0x61, 2));
const fixed = joined(GREETING_NEW, be(3, 2));
const noStructure = optionReply(8, UNSUPPORTED);

describe('the handshake', () => {
  it('takes the only export of an old server', () => {
    const stream = new ScriptedStream('NBDMAGIC', be(0x00420281861253n, 8), be(GIB, 8), be(3, 4), PADDING);
    expect(shakeHands(stream, '')).toMatchObject({ size: GIB, flags: 3, blockSize: 1, allocationContext: null });
    expect(stream.sent).toEqual([]);
  });

  it('chooses by name alone where the server knows no options, and takes its zeros', () => {
    const stream = new ScriptedStream(GREETING_NEW, be(0, 2), be(GIB, 8), be(1, 2), PADDING);
    expect(shakeHands(stream, 'a')).toMatchObject({ size: GIB, flags: 1 });
    expect(Uint8Array.from(stream.sent)).toEqual(joined(be(0, 4), 'IHAVEOPT', be(1, 4), be(1, 4), 'a'));
  });

  it('falls back to the name where a server knows options but not this one', () => {
    const stream = new ScriptedStream(fixed, noStructure, optionReply(7, UNSUPPORTED), be(GIB, 8), be(1, 2));
    expect(shakeHands(stream, 'a').size).toBe(GIB);
  });

  it('agrees on block sizes and on answers about allocation', () => {
    const stream = new ScriptedStream(
      fixed,
      optionReply(8, ACK),
      optionReply(10, META, joined(be(7, 4), 'base:allocation')),
      optionReply(10, ACK),
      optionReply(7, INFO, joined(be(3, 2), be(512, 4), be(4096, 4), be(100_000, 4))),
      optionReply(7, INFO, exportInfo),
      optionReply(7, ACK),
    );
    expect(shakeHands(stream, 'a')).toEqual({
      size: GIB,
      flags: 0x61,
      blockSize: 512,
      transferMax: 99_840,
      allocationContext: 7,
    });
  });

  it('tells an export that is not there from other refusals, with what the server says', () => {
    const refusing = (type: number) => new ScriptedStream(fixed, noStructure, optionReply(7, type, 'no luck'));
    expect(() => shakeHands(refusing(UNKNOWN), 'a')).toThrow(
      expect.objectContaining({
        code: 'not-found',
        message: 'Requested export not available',
        hint: 'server reported: no luck',
      }),
    );
    expect(() => shakeHands(refusing(2 ** 31 + 5), 'a')).toThrow(expect.objectContaining({ code: 'io' }));
  });

  it.each([
    ['another greeting', [joined('SSH-2.0-OpenSSH_9')]],
    ['another version', [joined('NBDMAGIC', be(5, 8))]],
    ['an answer to another option', [fixed, optionReply(9, ACK)]],
    ['an endless answer', [fixed, joined(be(0x3e889045565a9n, 8), be(8, 4), be(ACK, 4), be(2 ** 31, 4))]],
    ['no size', [fixed, noStructure, optionReply(7, ACK)]],
    ['block sizes that are none', [fixed, noStructure, optionReply(7, INFO, joined(be(3, 2), be(3, 4), be(0, 8)))]],
    ['the end of the stream', [fixed]],
  ])('refuses %s', (_, answers) => {
    expect(() => shakeHands(new ScriptedStream(...answers), 'a')).toThrow(expect.objectContaining({ code: 'io' }));
  });
});
