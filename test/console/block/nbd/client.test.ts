import { beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '#engine';
import type { ConnectTiming } from '#console';
import { NbdClient } from '../../../../src/console/block/nbd/client.ts';
import { COMMAND } from '../../../../src/console/block/nbd/wire.ts';
import { MemoryHost } from '../../memory-host.ts';
import { be, joined, ScriptedStream } from './scripted-server.ts';

const greeting = (size: number) =>
  joined('NBDMAGIC', be(0x00420281861253n, 8), be(size, 8), be(3, 4), new Uint8Array(124));
const answer = (cookie: number) => joined(be(0x67446698, 4), be(0, 4), be(cookie, 8), Uint8Array.of(cookie));

let host: MemoryHost;
/** What there is to connect to, one after the other; nothing: nobody listens. */
let streams: ScriptedStream[];
let timings: ConnectTiming[];

beforeEach(() => {
  host = new MemoryHost();
  timings = [];
  let now = 0;
  host.now = () => now;
  host.connect = (_, timing) => {
    timings.push(timing);
    const stream = streams.shift();
    now += timing.after + (stream === undefined ? timing.patience : 10);
    if (stream === undefined) throw new EngineError('io', 'Connection refused');
    return stream;
  };
});

function open(reconnectPatience: number): NbdClient {
  const address = { kind: 'unix', path: 'socket' } as const;
  return new NbdClient(host, { address, exportName: '', openPatience: 3000, reconnectPatience });
}

function readByte(client: NbdClient): number {
  const into = new Uint8Array(1);
  client.perform({ command: COMMAND.read, at: 0, length: 1, into });
  return into[0]!;
}

describe('a client whose server goes away', () => {
  it('waits for a server as long as it was told, when it opens', () => {
    streams = [new ScriptedStream(greeting(512))];
    expect(open(0).info.size).toBe(512);
    expect(timings).toEqual([{ after: 0, patience: 3000 }]);
  });

  it('makes the request again with the next server, within its patience', () => {
    const [first, hasty, second] = [
      new ScriptedStream(greeting(512), answer(1)),
      new ScriptedStream(),
      new ScriptedStream(greeting(512), answer(3)),
    ];
    streams = [first, hasty, second];
    const client = open(7000);
    expect([readByte(client), readByte(client)]).toEqual([1, 3]);
    expect(first.isClosed && hasty.isClosed).toBe(true);
    expect(timings.slice(1)).toEqual([
      { after: 100, patience: 7000 },
      { after: 100, patience: 6890 },
    ]);
  });

  it('fails the request without patience, and tries again with the next', () => {
    streams = [new ScriptedStream(greeting(512))];
    const client = open(0);
    expect(() => readByte(client)).toThrow(expect.objectContaining({ code: 'io' }));
    expect(() => readByte(client)).toThrow(/connection to the NBD server was lost \(Connection refused\)/);
    streams = [new ScriptedStream(greeting(512), answer(2))];
    expect(readByte(client)).toBe(2);
  });

  it('takes no other disk for its own', () => {
    streams = [new ScriptedStream(greeting(512)), new ScriptedStream(greeting(1024))];
    const client = open(200);
    expect(() => readByte(client)).toThrow(/lost/);
  });

  it('says good-bye to a server that is there', () => {
    const stream = new ScriptedStream(greeting(512));
    streams = [stream];
    open(0).close();
    expect(stream.sent.slice(4, 8)).toEqual([0, 0, 0, COMMAND.disconnect]);
    expect(stream.isClosed).toBe(true);
  });

  it('is refused where programs cannot be reached', () => {
    delete host.connect;
    expect(() => open(0)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
