import { deflateRaw } from './deflate.ts';
import { inflateRaw } from './inflate.ts';
import { zstdCompress, zstdDecompress } from './zstd.ts';

/** What an image compresses its clusters with. */
export type Compression = 'zlib' | 'zstd';

/** The stream of a whole cluster; null if it would not be shorter than the cluster, and so not worth it. */
export function compressCluster(compression: Compression, cluster: Uint8Array): Uint8Array | null {
  const room = new Uint8Array(cluster.length);
  const length = compressInto(compression, cluster, room);
  return length === null ? null : room.subarray(0, length);
}

/** The same, into room for a cluster; returns the stream's length. */
export function compressInto(compression: Compression, cluster: Uint8Array, room: Uint8Array): number | null {
  const shorter = room.subarray(0, cluster.length - 1);
  return compression === 'zstd' ? zstdCompress(cluster, shorter) : deflateRaw(cluster, shorter);
}

/** Fills a cluster from its stream, behind which other bytes may follow; returns how many bytes it holds. */
export function decompressCluster(compression: Compression, stream: Uint8Array, cluster: Uint8Array): number {
  return compression === 'zstd' ? zstdDecompress(stream, cluster) : inflateRaw(stream, cluster);
}
