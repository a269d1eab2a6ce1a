import { describe, expect, it, vi } from 'vitest';
import { runCodecJob, type CodecJob } from '#engine';
import type { CodecPool } from '#console';
import { browserCodecs } from '../../src/worker/codec/codec-pool.ts';

const CLUSTER = 65536;

/** Two clusters of text, to be compressed, in memory of a pool. */
function job(allocate: CodecPool['allocate'] = (length) => new Uint8Array(length)): CodecJob {
  const text = new TextEncoder().encode('The same text over and over again.\n'.repeat(4000));
  const input = allocate(2 * CLUSTER);
  input.set(text.subarray(0, 2 * CLUSTER));
  return {
    kind: 'compress',
    compression: 'zlib',
    clusterSize: CLUSTER,
    input,
    output: allocate(2 * CLUSTER),
    items: [
      { from: 0, length: CLUSTER, to: 0 },
      { from: CLUSTER, length: CLUSTER, to: CLUSTER },
    ],
  };
}

function doneHere(): CodecJob {
  const given = job();
  runCodecJob(given);
  return given;
}

/** The test's server hands out modules one by one. */
const STARTING = { timeout: 20_000 };

const startWorker = () =>
  new Worker(new URL('../../src/worker/codec/codec-worker.ts', import.meta.url), { type: 'module' });

/** Does a job as commands do: what nobody has begun is done here. */
async function doneWith(codecs: CodecPool): Promise<CodecJob> {
  const given = job(codecs.allocate);
  const result = codecs.run(given);
  codecs.help();
  expect(await result).toEqual(runCodecJob(job()));
  return given;
}

describe('the codecs of the page', { timeout: 30_000 }, () => {
  it.each([
    ['that reach the memory of jobs', true],
    ['to which bytes go', false],
  ])('do in workers %s what would be done here', async (_, sharesMemory) => {
    const workers: Worker[] = [];
    const start = () => {
      workers.push(startWorker());
      return workers.at(-1)!;
    };
    const codecs = browserCodecs(3, start, sharesMemory);
    const jobs = Array.from({ length: 4 }, () => job(codecs.allocate));
    // Nobody helps, so it is workers that do them.
    const results = await Promise.all(jobs.map((one) => codecs.run(one)));
    expect(results).toEqual(jobs.map(() => runCodecJob(job())));
    for (const { output } of jobs) {
      expect(output).toEqual(doneHere().output);
      expect(output.buffer instanceof SharedArrayBuffer).toBe(sharesMemory);
    }
    expect(workers.length).toBe(2);
    for (const worker of workers) worker.terminate();
  });

  it('share memory with their workers as the page is served', () => {
    expect(crossOriginIsolated).toBe(true);
    expect(browserCodecs().allocate(1).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('leave the first jobs to the command, before a worker has started', async () => {
    expect((await doneWith(browserCodecs(1, startWorker))).output).toEqual(doneHere().output);
  });

  it.each([
    [
      'refuses to start one',
      () => {
        throw new DOMException('No.', 'SecurityError');
      },
    ],
    ['does not find its script', () => new Worker('/there-is-no-such-script.js', { type: 'module' })],
  ])('leave them to it where the browser %s', async (_, start) => {
    const codecs = browserCodecs(3, start);
    for (let time = 0; time < 3; time++) {
      await doneWith(codecs);
      await new Promise((resolve) => setTimeout(resolve));
    }
  });

  it('say that a worker stopped, and leave what comes to the command', async () => {
    const script = `postMessage(null); onmessage = () => { throw new Error('gone') };`;
    const codecs = browserCodecs(1, () => new Worker(URL.createObjectURL(new Blob([script]))));
    await vi.waitFor(() => expect(codecs.run(job())).rejects.toMatchObject({ code: 'io' }), STARTING);
    await doneWith(codecs);
  });

  it('take nothing more from a worker that failed, since its memory may be somebody else’s', async () => {
    const script = `
      let count = 0;
      postMessage(null);
      onmessage = ({ data }) => {
        if (count++ === 1) throw new Error('gone');
        postMessage({ result: [1, 1], output: new Uint8Array(data.output).fill(9) });
      };`;
    const codecs = browserCodecs(1, () => new Worker(URL.createObjectURL(new Blob([script]))), false);
    await codecs.run(job());
    const jobs = [job(), job()];
    const outcomes = await Promise.allSettled(jobs.map((one) => codecs.run(one)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const { output } of jobs) expect(output.every((byte) => byte === 0)).toBe(true);
  });
});
