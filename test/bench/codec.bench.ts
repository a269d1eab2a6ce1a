// Our codecs beside the libraries for JavaScript, and beside zlib in C as Node has it, on 64 KiB clusters of a program and of
// source text.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { deflateSync as fflateDeflate, inflateSync as fflateInflate } from 'fflate';
import { decompress as fzstdDecompress } from 'fzstd';
import { deflateRaw as pakoDeflate, inflateRaw as pakoInflate } from 'pako';
import { deflateRaw, inflateRaw, zstdCompress, zstdDecompress } from '#engine';
import { measure, report } from './measure.ts';
import { projectRequire } from './project.ts';

const CLUSTER_SIZE = 65_536;
const CLUSTER_COUNT = 48;
const LIKE_QEMU = { level: 6, windowBits: 12, memLevel: 9 } as const;

const room = new Uint8Array(CLUSTER_SIZE);
const byteLength = CLUSTER_SIZE * CLUSTER_COUNT;

export default function run(): void {
  for (const [kind, clusters] of [
    ['a program', clustersOf(programBytes())],
    ['source text', clustersOf(sourceText())],
  ] as const) {
    const streams = clusters.map((cluster) => new Uint8Array(deflateRawSync(cluster, LIKE_QEMU)));
    const frames = clusters.map((cluster) => compressed(zstdCompress, cluster));

    report(
      `inflate, ${kind}`,
      byteLength,
      measure({
        'inflateRaw (ours)': each(streams, (stream) => void inflateRaw(stream, room)),
        fflate: each(streams, (stream) => void fflateInflate(stream, { out: room })),
        pako: each(streams, (stream) => void pakoInflate(stream)),
        'zlib (C)': each(streams, (stream) => void inflateRawSync(stream)),
      }),
    );
    report(
      `zstd decompression, ${kind}`,
      byteLength,
      measure({
        'zstdDecompress (ours)': each(frames, (frame) => void zstdDecompress(frame, room)),
        // Without its output argument, with which it is ten times slower.
        fzstd: each(frames, (frame) => void fzstdDecompress(frame)),
      }),
    );
    report(
      `deflate, ${kind}`,
      byteLength,
      measure(
        {
          'deflateRaw (ours)': each(clusters, (cluster) => deflateRaw(cluster, room) ?? CLUSTER_SIZE),
          'fflate, 32 KiB window': each(clusters, (cluster) => fflateDeflate(cluster, { level: 6 }).length),
          pako: each(clusters, (cluster) => pakoDeflate(cluster, LIKE_QEMU).length),
          'zlib (C)': each(clusters, (cluster) => deflateRawSync(cluster, LIKE_QEMU).length),
        },
        7,
      ),
    );
    report(
      `zstd compression, ${kind}`,
      byteLength,
      measure({ 'zstdCompress (ours)': each(clusters, (cluster) => zstdCompress(cluster, room) ?? CLUSTER_SIZE) }, 7),
    );
  }
}

/** One pass over all items; adds up the sizes that the work returns. */
function each<T>(items: readonly T[], work: (item: T) => unknown): () => number | undefined {
  return () => {
    let total: number | undefined;
    for (const item of items) {
      const result = work(item);
      if (typeof result === 'number') total = (total ?? 0) + result;
    }
    return total;
  };
}

function compressed(codec: typeof zstdCompress, cluster: Uint8Array): Uint8Array {
  const output = new Uint8Array(CLUSTER_SIZE + 64);
  return output.slice(0, codec(cluster, output)!);
}

function clustersOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: CLUSTER_COUNT }, (_, i) => bytes.subarray(i * CLUSTER_SIZE, (i + 1) * CLUSTER_SIZE));
}

/** A piece from within Node itself. */
function programBytes(): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  const file = openSync(process.execPath, 'r');
  readSync(file, bytes, 0, byteLength, 24 << 20);
  closeSync(file);
  return bytes;
}

function sourceText(): Uint8Array {
  const file = projectRequire.resolve('typescript');
  return new Uint8Array(readFileSync(file));
}
