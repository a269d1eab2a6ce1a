import { isEngineError } from '../errors.ts';
import { type Compression, compressInto, decompressCluster } from './cluster-codec.ts';

/** Work on several clusters that somebody else may do: nothing but bytes, in memory that both sides reach. */
export interface CodecJob {
  readonly kind: 'compress' | 'decompress';
  readonly compression: Compression;
  readonly clusterSize: number;
  /** Where clusters or streams are, and where what becomes of them goes: a whole cluster has room there. */
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly items: readonly CodecItem[];
}

export interface CodecItem {
  /** Start and length in the input. */
  readonly from: number;
  readonly length: number;
  /** Start in the output. */
  readonly to: number;
}

/** Bytes that each item gave; null for a cluster that does not shrink or a stream that is broken. */
export type CodecResult = readonly (number | null)[];

/** Does a job. The result depends on nothing else, so it does not matter who does it. */
export function runCodecJob({ kind, compression, clusterSize, input, output, items }: CodecJob): CodecResult {
  const convert = kind === 'compress' ? compressInto : restore;
  return items.map(({ from, length, to }) =>
    convert(compression, input.subarray(from, from + length), output.subarray(to, to + clusterSize)),
  );
}

function restore(compression: Compression, stream: Uint8Array, cluster: Uint8Array): number | null {
  try {
    return decompressCluster(compression, stream, cluster) < cluster.length ? null : cluster.length;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return null;
  }
}
