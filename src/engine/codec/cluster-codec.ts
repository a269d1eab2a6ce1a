import { isEngineError } from '../errors.ts';
import { deflateRaw } from './deflate.ts';
import { inflateRaw } from './inflate.ts';
import { zstdCompress, zstdDecompress } from './zstd.ts';

/** What an image compresses its clusters with. */
export type Compression = 'zlib' | 'zstd';

/** The stream of a whole cluster; null if it would not be shorter than the cluster, and so not worth it. */
export function compressCluster(compression: Compression, cluster: Uint8Array): Uint8Array | null {
  const room = new Uint8Array(cluster.length - 1);
  const length = compression === 'zstd' ? zstdCompress(cluster, room) : deflateRaw(cluster, room);
  return length === null ? null : room.subarray(0, length);
}

/** Fills a cluster from its stream, behind which other bytes may follow; returns how many bytes it holds. */
export function decompressCluster(compression: Compression, stream: Uint8Array, cluster: Uint8Array): number {
  return compression === 'zstd' ? zstdDecompress(stream, cluster) : inflateRaw(stream, cluster);
}

/** Work on several clusters that somebody else may do: nothing but bytes, which can be handed over. */
export interface CodecJob {
  readonly kind: 'compress' | 'decompress';
  readonly compression: Compression;
  readonly clusterSize: number;
  /** Whole clusters, or streams, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of each. */
  readonly lengths: readonly number[];
}

export interface CodecResult {
  /** Streams, or whole clusters, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of each; null, and none of the bytes, for a cluster that does not shrink or a stream that is broken. */
  readonly lengths: readonly (number | null)[];
}

/** Does a job. The result depends on nothing else, so it does not matter who does it. */
export function runCodecJob({ kind, compression, clusterSize, bytes, lengths }: CodecJob): CodecResult {
  const output = new Uint8Array(lengths.length * clusterSize);
  const results: (number | null)[] = [];
  let [from, to] = [0, 0];
  for (const length of lengths) {
    const input = bytes.subarray(from, from + length);
    const room = output.subarray(to, to + clusterSize);
    const result = kind === 'compress' ? compressInto(compression, input, room) : restore(compression, input, room);
    results.push(result);
    from += length;
    to += result ?? 0;
  }
  return { bytes: output.subarray(0, to), lengths: results };
}

function compressInto(compression: Compression, cluster: Uint8Array, room: Uint8Array): number | null {
  const stream = compressCluster(compression, cluster);
  if (stream !== null) room.set(stream);
  return stream?.length ?? null;
}

function restore(compression: Compression, stream: Uint8Array, cluster: Uint8Array): number | null {
  try {
    return decompressCluster(compression, stream, cluster) < cluster.length ? null : cluster.length;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return null;
  }
}
