export { zstdCompress } from './zstd/compress.ts';
