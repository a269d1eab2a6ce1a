import { getRandomValues } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError, MemoryStorage, runCodecJob, type CodecJob, type CodecResult } from '#engine';
import { WorkerPool, type CodecPool, type CodecWorker } from '#console';
import { ourQemuImg, ourQemuImgWith } from '../../tools/our-qemu-img.ts';

const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-'));
const path = (name: string) => join(folder, name);
const MIB = 1024 * 1024;

/** Answers the jobs of each four in the reverse order; fewer, unless it is patient, if no more come. */
class ReversingPool implements CodecPool {
  readonly workerCount = 2;
  readonly jobsMax = 4;
  jobCount = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #jobsTogether: number;
  readonly #isPatient: boolean;

  constructor({ jobsTogether = 4, isPatient = false } = {}) {
    this.#jobsTogether = jobsTogether;
    this.#isPatient = isPatient;
  }

  run(job: CodecJob): Promise<CodecResult> {
    this.jobCount += 1;
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(runCodecJob(job)));
      if (this.#waiting.length === this.#jobsTogether) this.#answer();
      else if (!this.#isPatient) setTimeout(() => this.#answer(), 1);
    });
  }

  allocate(length: number): Uint8Array {
    return new Uint8Array(length);
  }

  help(): boolean {
    return false;
  }

  #answer(): void {
    for (const answer of this.#waiting.splice(0).reverse()) answer();
  }
}

beforeAll(async () => {
  // Text that compresses well, noise that compresses by half, noise that does not, zeros, and an end within a cluster.
  const bytes = new Uint8Array(18 * MIB + 512 * 7);
  const line = new TextEncoder().encode(
    'The same text over and over again, at places that are no multiple of anything.\n',
  );
  for (let at = 0; at < 4 * MIB; at += line.length) bytes.set(line, at);
  for (let at = 0, state = 1; at < 2 * MIB; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bytes[6 * MIB + at] = at < MIB ? (state >>> 16) & 15 : state >>> 16;
  }
  bytes.fill(7, 9 * MIB, 17 * MIB);
  bytes.fill(9, 17 * MIB);
  writeFileSync(path('raw'), bytes);
  await ourQemuImg('convert', '-c', '-O', 'qcow2', path('raw'), path('zlib'));
  await ourQemuImg('convert', '-c', '-O', 'qcow2', '-o', 'compression_type=zstd', path('raw'), path('zstd'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('convert with a pool of codecs', { timeout: 60_000 }, () => {
  it.each([
    ['raw', '-c -O qcow2'],
    ['raw', '-c -S 0 -O qcow2'],
    ['raw', '-c -O qcow2 -o compression_type=zstd,cluster_size=16k'],
    ['zlib', '-c -O qcow2 -o compression_type=zstd'],
    ['zlib', '-O raw'],
    ['zlib', '-O qcow2'],
    ['zstd', '-O qcow2 -o extended_l2=on'],
  ])('writes the same file as without: %s, %s', async (source, options) => {
    const codecs = new ReversingPool();
    const args = ['convert', ...options.split(' '), path(source)];
    expect(await ourQemuImgWith({ codecs }, ...args, path('pooled'))).toMatchObject({ code: 0, stderr: '' });
    await ourQemuImg(...args, path('plain'));
    expect(codecs.jobCount).toBeGreaterThan(0);
    expect(readFileSync(path('pooled')).equals(readFileSync(path('plain')))).toBe(true);
  });

  it('has work for it from behind what is not compressed', async () => {
    const bytes = new Uint8Array(28 * MIB).fill(1);
    for (let at = 2 * MIB; at < 26 * MIB; at += 65536) getRandomValues(bytes.subarray(at, at + 65536));
    writeFileSync(path('mixed raw'), bytes);
    await ourQemuImg('convert', '-c', '-O', 'qcow2', path('mixed raw'), path('mixed'));
    // The first of two jobs is answered once the second is there.
    const codecs = new ReversingPool({ jobsTogether: 2, isPatient: true });
    const args = ['convert', '-O', 'raw', path('mixed'), path('target')];
    expect(await ourQemuImgWith({ codecs }, ...args)).toMatchObject({ code: 0, stderr: '' });
    expect(codecs.jobCount).toBe(2);
    expect(readFileSync(path('target')).equals(bytes)).toBe(true);
  });

  it('says the same of a stream that is broken', async () => {
    const storage = MemoryStorage.from(readFileSync(path('zlib')));
    storage.write(6 * 65536, new Uint8Array(2 * 65536).fill(0xff));
    writeFileSync(path('broken'), storage.toBytes());
    const args = ['convert', '-O', 'raw', path('broken'), path('target')];
    const plain = await ourQemuImg(...args);
    expect(plain.code).toBe(1);
    expect(await ourQemuImgWith({ codecs: new ReversingPool() }, ...args)).toEqual(plain);
  });

  it('does what no worker has begun, and what one does gives the same', async () => {
    for (const startsAt of [0, 3, Infinity]) {
      const pool = new WorkerPool(
        1,
        () => workerThatStarts(startsAt),
        (length) => new Uint8Array(length),
      );
      const args = ['convert', '-c', '-O', 'qcow2', path('zlib')];
      expect(await ourQemuImgWith({ codecs: pool }, ...args, path('pooled'))).toMatchObject({ code: 0, stderr: '' });
      await ourQemuImg(...args, path('plain'));
      expect(readFileSync(path('pooled')).equals(readFileSync(path('plain')))).toBe(true);
    }
  });

  it('ends when a worker fails', async () => {
    const failing = () => {
      const worker = idleWorker(() => queueMicrotask(() => worker.onFailure(new EngineError('io', 'It is gone.'))));
      queueMicrotask(() => worker.onReady());
      return worker;
    };
    const codecs = new WorkerPool(2, failing, (length) => new Uint8Array(length));
    const args = ['convert', '-c', '-O', 'qcow2', path('raw'), path('target')];
    const ran = await ourQemuImgWith({ codecs }, ...args);
    expect(ran).toMatchObject({ code: 1, stderr: 'qemu-img: A worker that compresses has stopped: It is gone.\n' });
  });

  it('goes on without a worker that does not start', async () => {
    const dead = () => {
      const worker = idleWorker(() => expect.unreachable());
      queueMicrotask(() => worker.onFailure(new EngineError('io', 'It is gone.')));
      return worker;
    };
    const codecs = new WorkerPool(2, dead, (length) => new Uint8Array(length));
    const ran = await ourQemuImgWith({ codecs }, 'convert', '-O', 'raw', path('zlib'), path('target'));
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(path('target')).equals(readFileSync(path('raw')))).toBe(true);
  });
});

function idleWorker(post: (job: CodecJob) => void): CodecWorker {
  return { post, onReady: () => undefined, onResult: () => undefined, onFailure: () => undefined };
}

/** Starts after so many turns of the event loop, and takes one for each job. */
function workerThatStarts(turns: number): CodecWorker {
  const worker = idleWorker((job) => void setImmediate(() => worker.onResult(runCodecJob(job))));
  const wait = (left: number): void => void setImmediate(() => (left === 0 ? worker.onReady() : wait(left - 1)));
  if (turns < Infinity) wait(turns);
  return worker;
}
