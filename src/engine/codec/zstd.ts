export { zstdDecompress } from './zstd/decompress.ts';
