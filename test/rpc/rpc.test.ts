import { afterEach, describe, expect, it } from 'vitest';
import { createClient, serve, type Client, type Handlers, type RpcPort } from '#rpc';

interface Row<Input, Output, Progress = never> {
  input: Input;
  output: Output;
  progress: Progress;
}

interface TestMethods {
  add: Row<{ a: number; b: number }, number>;
  nothing: Row<void, string>;
  fail: Row<{ code: string | null }, void>;
  count: Row<{ until: number }, number, number>;
  forever: Row<void, void, number>;
  never: Row<void, void>;
  buffer: Row<{ bytes: Uint8Array }, Uint8Array>;
}

class CodedError extends Error {
  readonly code: string;
  readonly hint = 'Try again.';
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const finished: string[] = [];

const handlers: Handlers<TestMethods> = {
  add: ({ a, b }) => a + b,
  nothing: async () => 'nothing',
  fail: ({ code }) => {
    throw code === null ? new TypeError('unforeseen') : new CodedError(code, 'It went wrong.');
  },
  *count({ until }) {
    for (let n = 0; n < until; n++) {
      busyFor(2);
      yield n;
    }
    return until;
  },
  *forever() {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      finished.push('forever');
    }
  },
  never: (_input, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        finished.push('never');
        reject(new CodedError('cancelled', 'Stopped.'));
      });
    }),
  buffer: ({ bytes }, context) => {
    const doubled = new Uint8Array([...bytes, ...bytes]);
    context.transfer(doubled.buffer);
    return doubled;
  },
};

function busyFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe('typed calls over a port', () => {
  const open: Client<TestMethods>[] = [];
  function connect() {
    const { port1, port2 } = new MessageChannel();
    const server = serve<TestMethods>(port2 as unknown as RpcPort, handlers);
    const client = createClient<TestMethods>(port1 as unknown as RpcPort);
    open.push(client);
    return { client, server, port2 };
  }
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
    finished.length = 0;
  });

  it('says when the far side serves, and answers', async () => {
    const { client } = connect();
    await client.ready;
    expect(await client.call('add', { a: 2, b: 3 })).toBe(5);
    expect(await client.call('nothing')).toBe('nothing');
  });

  it('keeps the code, the message and the hint of an error', async () => {
    const { client } = connect();
    await expect(client.call('fail', { code: 'no-space' })).rejects.toMatchObject({
      name: 'RpcError',
      code: 'no-space',
      message: 'It went wrong.',
      hint: 'Try again.',
    });
  });

  it('calls an error without a code a bug', async () => {
    const { client } = connect();
    await expect(client.call('fail', { code: null })).rejects.toMatchObject({ code: 'bug', message: 'unforeseen' });
  });

  it('refuses a method that is not offered, inherited ones included', async () => {
    const { client } = connect();
    await expect(client.call('toString' as 'nothing')).rejects.toMatchObject({ code: 'unknown-method' });
  });

  it('lets calls wait for the handlers, and fails them all when there will be none', async () => {
    const { port1, port2 } = new MessageChannel();
    serve<TestMethods>(port2 as unknown as RpcPort, Promise.reject(new CodedError('quota', 'No storage.')));
    const client = createClient<TestMethods>(port1 as unknown as RpcPort);
    open.push(client);
    await client.ready;
    await expect(client.call('nothing')).rejects.toMatchObject({ code: 'quota' });
    await expect(client.call('add', { a: 1, b: 1 })).rejects.toMatchObject({ code: 'quota' });
  });

  it('reports the progress of a long operation once a slice and returns its result', async () => {
    const { client } = connect();
    const seen: number[] = [];
    expect(await client.call('count', { until: 20 }, { onProgress: (n) => seen.push(n) })).toBe(20);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(20);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('lets other requests through while a long operation runs, and cancels it with its clean-up run', async () => {
    const { client } = connect();
    const abort = new AbortController();
    const running = client.call('forever', undefined, { signal: abort.signal });
    expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
    expect(finished).toEqual([]);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(finished).toEqual(['forever']);
  });

  it('passes the cancel to an asynchronous handler', async () => {
    const { client } = connect();
    const abort = new AbortController();
    const running = client.call('never', undefined, { signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'Stopped.' });
  });

  it('does not send what was cancelled before', async () => {
    const { client } = connect();
    const cancelled = client.call('never', undefined, { signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
    expect(finished).toEqual([]);
  });

  it('transfers buffers both ways', async () => {
    const { client } = connect();
    const bytes = new Uint8Array([1, 2]);
    const doubled = await client.call('buffer', { bytes }, { transfer: [bytes.buffer] });
    expect(doubled).toEqual(new Uint8Array([1, 2, 1, 2]));
    expect(bytes.length).toBe(0);
  });

  it('rejects the call whose input cannot be cloned, and only that one', async () => {
    const { client } = connect();
    const uncloneable = { a: 1, b: (() => 1) as unknown as number };
    await expect(client.call('add', uncloneable)).rejects.toMatchObject({ name: 'DataCloneError' });
    expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
  });

  it('ends every pending call as worker-died when the far port closes', async () => {
    const { client, port2 } = connect();
    await client.ready;
    const deaths: string[] = [];
    client.onDeath((reason) => deaths.push(reason.code));
    const pending = client.call('never');
    port2.close();
    await expect(pending).rejects.toMatchObject({ code: 'worker-died' });
    expect(deaths).toEqual(['worker-died']);
    expect(client.isDead).toBe(true);
    await expect(client.call('nothing')).rejects.toMatchObject({ code: 'worker-died' });
    client.onDeath((reason) => deaths.push(reason.code));
    expect(deaths).toEqual(['worker-died', 'worker-died']);
  });

  it('ends pending calls when the server stops serving', async () => {
    const { client, server } = connect();
    await client.ready;
    const pending = client.call('never');
    server.close();
    await expect(pending).rejects.toMatchObject({ code: 'worker-died' });
  });

  it('stops what runs on the far side when the client closes', async () => {
    const { client } = connect();
    const pending = client.call('forever', undefined, { onProgress: () => client.close() });
    await expect(pending).rejects.toMatchObject({ code: 'worker-died' });
    await expect.poll(() => finished).toEqual(['forever']);
  });
});
