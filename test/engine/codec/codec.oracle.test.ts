import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  closeImage,
  createImage,
  type Extent,
  extentAt,
  type Image,
  inflateRaw,
  isEngineError,
  MemoryStorage,
  openImage,
  readAt,
  writeCompressed,
  zstdDecompress,
} from '#engine';
import { qemuImg, Scratch } from '../../tools/qemu.ts';
import { damaged, mixedSample, randomOf, sample } from './sample-data.ts';
import { SEED } from '../../tools/seed.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const scratch = new Scratch();
afterAll(() => scratch.remove());

type CompressionType = 'zlib' | 'zstd';
const VARIANTS = [512, 4 * KIB, 64 * KIB, 2 * MIB].flatMap((clusterSize) =>
  (['zlib', 'zstd'] as const).map((compressionType) => ({ clusterSize, compressionType })),
);

describe(`compressed clusters, seed ${SEED}`, () => {
  describe.each(VARIANTS)('of $clusterSize bytes, $compressionType', ({ clusterSize, compressionType }) => {
    const content = diskContent(clusterSize);
    const raw = scratch.path('content.raw');
    const theirs = scratch.path('theirs.qcow2');

    it('of qemu-img convert -c read as what went in', () => {
      writeFileSync(raw, content);
      convert(raw, theirs, clusterSize, compressionType);
      const image = openImage(scratch.load(theirs));
      expect(compressedExtents(image).length).toBeGreaterThan(1);
      const read = new Uint8Array(image.virtualSize);
      readAt(image, 0, read);
      expect(Buffer.compare(read.subarray(0, content.length), content)).toBe(0);
    });

    it('of ours are read by qemu-img, and take no more room than its own', () => {
      writeFileSync(raw, content);
      const storage = new MemoryStorage();
      createImage(storage, { size: content.length, clusterSize, compressionType });
      const image = openImage(storage, { writable: true });
      writeCompressed(image, 0, content);
      expect(compressedExtents(image).length).toBeGreaterThan(1);
      closeImage(image);

      const ours = scratch.save('ours.qcow2', storage);
      expect(qemuImg('compare', '-f', 'raw', '-F', 'qcow2', raw, ours).stdout).toBe('Images are identical.\n');
      expect(qemuImg('check', ours).stdout).toContain('No errors were found on the image.');

      convert(raw, theirs, clusterSize, compressionType);
      // As a rule ours is smaller; a seed with little but runs may cost a byte more in a small cluster's few. The last
      // cluster begun may be one more.
      expect(storage.size).toBeLessThanOrEqual(statSync(theirs).size * 1.02 + clusterSize);
    });
  });

  it.each<CompressionType>(['zlib', 'zstd'])('that are damaged give the same verdict: %s', (compressionType) => {
    const clusterSize = 4 * KIB;
    const random = randomOf(SEED);
    const content = Buffer.concat(Array.from({ length: 250 }, () => shrinkingCluster(clusterSize, random)));
    const raw = scratch.path('content.raw');
    const file = scratch.path('damaged.qcow2');
    writeFileSync(raw, content);
    convert(raw, file, clusterSize, compressionType);

    const bytes = new Uint8Array(readFileSync(file));
    const extents = compressedExtents(openImage(MemoryStorage.from(bytes)));
    extents.sort((a, b) => a.hostOffset - b.hostOffset);
    for (const [index, { hostOffset }] of extents.entries()) {
      const end = extents[index + 1]?.hostOffset ?? bytes.length;
      const stream = bytes.subarray(hostOffset, end);
      const replacement = damaged(stream, random);
      stream.fill(0).set(replacement);
    }
    writeFileSync(file, bytes);

    // It writes zeros where it cannot read; no cluster of the content is zero.
    const salvaged = scratch.path('salvaged.raw');
    expect(qemuImg('convert', '--salvage', '-O', 'raw', file, salvaged).code).toBe(0);
    const read = readFileSync(salvaged);
    const zeros = new Uint8Array(clusterSize);
    let rejected = 0;
    for (const { at, hostOffset, lengthMax } of extents) {
      const cluster = new Uint8Array(clusterSize);
      const stream = bytes.subarray(hostOffset, hostOffset + lengthMax);
      const isReadable = decodes(compressionType, stream, cluster);
      const qemus = read.subarray(at, at + clusterSize);
      if (!isReadable) rejected++;
      if (isReadable) expect(Buffer.compare(qemus, cluster), `cluster at ${at}`).toBe(0);
      // The reference overlooks a Huffman stream of zstd that does not end where it should, and returns damaged data.
      else if (compressionType === 'zlib') expect(Buffer.compare(qemus, zeros), `cluster at ${at}`).toBe(0);
    }
    expect(rejected).toBeGreaterThan(50);
    expect(rejected).toBeLessThan(extents.length);
  });
});

function convert(raw: string, file: string, clusterSize: number, compressionType: CompressionType): void {
  const options = `cluster_size=${clusterSize},compression_type=${compressionType}`;
  const { code, stderr } = qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', options, raw, file);
  expect(stderr).toBe('');
  expect(code).toBe(0);
}

/** At least four clusters and 1 MiB of everything but zero clusters, which convert leaves out; the first two surely shrink. */
function diskContent(clusterSize: number): Uint8Array {
  const random = randomOf(SEED);
  const content = mixedSample(Math.max(4 * clusterSize, MIB), random);
  for (let at = 0; at < content.length; at += clusterSize) content[at] = 1;
  for (const at of [0, clusterSize]) content.set(sample('words', clusterSize, random), at);
  return content;
}

function shrinkingCluster(clusterSize: number, random: (count: number) => number): Uint8Array {
  const cluster = sample(random(2) === 0 ? 'words' : 'few symbols', clusterSize, random);
  cluster[0] = 1;
  return cluster;
}

type CompressedExtent = Extract<Extent, { kind: 'compressed' }> & { readonly at: number };

function compressedExtents(image: Image): CompressedExtent[] {
  const found: CompressedExtent[] = [];
  for (let at = 0; at < image.virtualSize;) {
    const extent = extentAt(image, at, image.virtualSize - at);
    if (extent.kind === 'compressed') found.push({ ...extent, at });
    at += extent.length;
  }
  return found;
}

function decodes(compressionType: CompressionType, stream: Uint8Array, cluster: Uint8Array): boolean {
  try {
    const length = compressionType === 'zstd' ? zstdDecompress(stream, cluster) : inflateRaw(stream, cluster);
    return length === cluster.length;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return false;
  }
}
