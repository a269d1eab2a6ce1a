export { zstdCompress } from './zstd/compress.ts';
export { zstdDecompress } from './zstd/decompress.ts';
