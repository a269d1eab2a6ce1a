import {
  closeImage,
  createImage,
  flushImage,
  imageSource,
  MemoryStorage,
  openImage,
  writeAt,
  writeCompressed,
  type CreateOptions,
  type Image,
} from '#engine';
import type { SampleName } from '#protocol';
import { guestText } from './guest-text.ts';
import { keptOpen } from './kept-open.ts';
import { clearL2Entry, copyL2Entry } from './patch.ts';
import { takeSnapshot } from './snapshot.ts';

const MIB = 1024 * 1024;
const CLUSTER_SIZE = 64 * 1024;

export interface SampleFile {
  readonly name: string;
  readonly bytes: MemoryStorage;
}

/** The files of a sample, the image itself last, its backing files before it in order. Always the same bytes. */
export function makeSample(sample: SampleName, name: string): SampleFile[] {
  switch (sample) {
    case 'dirty-after-crash':
      return [{ name, bytes: dirtyAfterCrash() }];
    case 'leaked-clusters':
      return [{ name, bytes: leakedClusters() }];
    case 'cross-linked':
      return [{ name, bytes: crossLinked() }];
    case 'with-snapshots':
      return [{ name, bytes: withSnapshots() }];
    case 'compressed':
      return [{ name, bytes: compressed() }];
    case 'version-2':
      return [{ name, bytes: written({ size: 64 * MIB, compat: '0.10' }, [0, 1, 2, 40, 41, 900]) }];
    case 'backing-chain':
      return backingChain(name);
  }
}

/** Lazy refcounts, the power cut after a flush: 32 clusters whose refcounts were never written. */
function dirtyAfterCrash(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * MIB, lazyRefcounts: true });
  const image = openImage(keptOpen(storage), { writable: true });
  for (let cluster = 0; cluster < 32; cluster++) writeCluster(image, cluster * 3);
  flushImage(image);
  return storage; // never closed: that is the crash
}

function leakedClusters(): MemoryStorage {
  const storage = written({ size: 256 * MIB }, [0, 1, 2, 3, 10, 11, 12, 13]);
  for (const cluster of [2, 11, 12]) clearL2Entry(storage, cluster * CLUSTER_SIZE);
  return storage;
}

function crossLinked(): MemoryStorage {
  const storage = written({ size: 256 * MIB }, [0, 1, 2, 3, 4, 5]);
  copyL2Entry(storage, 0, 4 * CLUSTER_SIZE);
  return storage;
}

function withSnapshots(): MemoryStorage {
  const storage = written({ size: 128 * MIB }, [0, 1, 2, 3, 4, 5, 6, 7]);
  takeSnapshot(storage, { id: '1', name: 'installed', dateSeconds: Date.UTC(2026, 0, 5, 9, 30) / 1000 });
  write(storage, [2, 3, 20, 21]);
  takeSnapshot(storage, { id: '2', name: 'before the update', dateSeconds: Date.UTC(2026, 2, 14, 17, 5) / 1000 });
  write(storage, [0, 3, 30]);
  return storage;
}

function compressed(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 128 * MIB });
  const image = openImage(keptOpen(storage), { writable: true });
  for (let cluster = 0; cluster < 48; cluster++) {
    writeCompressed(image, cluster * CLUSTER_SIZE, guestText(cluster, CLUSTER_SIZE));
  }
  closeImage(image);
  return storage;
}

function backingChain(name: string): SampleFile[] {
  const baseName = name.replace(/(\.[^.]+)?$/, '-base$1');
  const base = written({ size: 64 * MIB }, [0, 1, 2, 3, 4, 5, 6, 7, 100]);
  const overlay = new MemoryStorage();
  createImage(overlay, { size: 64 * MIB, backingFile: baseName, backingFormat: 'qcow2' });
  const image = openImage(keptOpen(overlay), { writable: true, backing: imageSource(openImage(keptOpen(base))) });
  // A part of a cluster: the rest of it is copied up from the base.
  writeAt(image, 3 * CLUSTER_SIZE + 5000, guestText(1000, 8192));
  writeCluster(image, 200);
  closeImage(image);
  return [
    { name: baseName, bytes: base },
    { name, bytes: overlay },
  ];
}

function written(options: CreateOptions, clusters: readonly number[]): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { clusterSize: CLUSTER_SIZE, ...options });
  write(storage, clusters);
  return storage;
}

function write(storage: MemoryStorage, clusters: readonly number[]): void {
  const image = openImage(keptOpen(storage), { writable: true });
  for (const cluster of clusters) writeCluster(image, cluster);
  closeImage(image);
}

function writeCluster(image: Image, cluster: number): void {
  writeAt(image, cluster * CLUSTER_SIZE, guestText(cluster, CLUSTER_SIZE));
}
