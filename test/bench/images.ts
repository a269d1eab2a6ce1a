// The images that are measured, made by QEMU, and their content.
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ourQemuImg } from './our-qemu-img.ts';
import { runProgram } from './programs.ts';
import { projectRequire } from './project.ts';
import { createRandom } from './random.ts';

export const MIB = 1024 * 1024;

/** A folder that is gone at the end, on success and failure. */
export async function withFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, 'qcow2-workbench-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An empty image. */
export function createQcow2(file: string, size: string, options: string): string {
  runProgram('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, file, size]);
  return file;
}

/** An image whose tables are all full. The bytes are those that QEMU writes, which takes it minutes with small clusters. */
export async function createFull(file: string, size: string, clusterSize = '64k'): Promise<void> {
  await ourQemuImg(
    'create',
    '-q',
    '-f',
    'qcow2',
    '-o',
    `preallocation=metadata,cluster_size=${clusterSize}`,
    file,
    size,
  );
}

/** Bytes that do not compress and hold no zeros to speak of; after `dataLength` of them as many zeros, if asked for. */
export function writeNoise(file: string, dataLength: number, holeLength = 0): string {
  const random = createRandom(1);
  const block = Uint32Array.from({ length: MIB / 4 }, () => random());
  const bytes = new Uint8Array(block.buffer);
  const fd = openSync(file, 'w');
  for (let at = 0; at < dataLength; at += MIB) {
    block[0] = at / MIB;
    writeSync(fd, bytes, 0, MIB, at);
  }
  ftruncateSync(fd, dataLength + holeLength);
  closeSync(fd);
  return file;
}

/** What disks hold and compresses as such does: programs and text. */
export function writeTypical(file: string, length: number): string {
  const text = projectRequire.resolve('typescript');
  const bytes = Buffer.concat([readFileSync(process.execPath), readFileSync(text)]);
  const fd = openSync(file, 'w');
  for (let at = 0; at < length; at += bytes.length) writeSync(fd, bytes, 0, Math.min(bytes.length, length - at), at);
  closeSync(fd);
  return file;
}
