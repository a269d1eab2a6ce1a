import {
  annotate,
  clusterDetail,
  clusterMap,
  extentAt,
  OverlayStorage,
  readAt,
  readHead,
  snapshotRows,
  structureChildren,
  type Storage,
} from '#engine';
import type { ImageId, ImageMethods, ImageOverview } from '#protocol';
import type { Handlers } from '#rpc';
import type { Library } from '../library/library.ts';
import { summaryOf } from '../library/summary.ts';
import { backingChain, grantBacking } from './backing-chain.ts';
import { checkOutcome } from './check.ts';
import { dataFileLink, grantDataFile } from './data-file.ts';
import { guestMap, guestExtents } from './guest-map.ts';
import { headerView } from './header-view.ts';
import { readHeadToLook, withImage } from './open.ts';
import { refusalOf } from './refusal.ts';

/** A request asks for what fits on a screen; this much at once is a mistake. */
const BYTES_MAX = 16 * 1024 * 1024;

export type LookingMethods = Pick<
  ImageMethods,
  | 'image.overview'
  | 'image.refusal'
  | 'image.map'
  | 'image.cluster'
  | 'image.bytes'
  | 'image.structure'
  | 'image.check'
  | 'image.guestMap'
  | 'image.guestBytes'
  | 'image.translate'
  | 'image.changes'
  | 'image.originalBytes'
  | 'image.unlock'
  | 'image.lock'
  | 'image.grantDataFile'
  | 'image.grantBacking'
>;

/** What is asked of an image without changing a byte of it. */
export function lookingHandlers(library: Library): Handlers<LookingMethods> {
  return {
    'image.overview': async ({ id }) => {
      const overview = await overviewOf(library, id);
      await library.noteUse(id);
      return overview;
    },
    'image.refusal': ({ id }) => refusalOf(library, id),
    'image.map': ({ id }, context) =>
      library.look(id, async (storage) => {
        const map = await context.run(clusterMap(storage));
        context.transfer(map.use.buffer, map.health.buffer);
        return map;
      }),
    'image.cluster': ({ id, index }, { run }) => library.look(id, (storage) => run(clusterDetail(storage, index))),
    'image.bytes': ({ id, at, length }, context) =>
      library.look(id, (storage) => {
        const bytes = readPart(storage, at, length);
        context.transfer(bytes.buffer);
        return { bytes, annotations: annotate(storage, at, bytes.length) };
      }),
    'image.structure': ({ id, path, from, count }) =>
      library.look(id, (storage) => structureChildren(storage, path, from, count)),
    'image.check': ({ id }, { run }) => library.look(id, (storage) => run(checkOutcome(storage))),
    'image.guestMap': ({ id, buckets }, context) =>
      withImage(library, { id, use: 'tables-only' }, async (image) => {
        const map = await context.run(guestMap(image, buckets));
        context.transfer(map.use.buffer);
        return map;
      }),
    'image.guestBytes': ({ id, at, length }, context) =>
      withImage(library, { id, use: 'look' }, (image) => {
        const bytes = new Uint8Array(lengthWithin(image.virtualSize, at, length));
        readAt(image, at, bytes);
        context.transfer(bytes.buffer);
        return { bytes, extents: guestExtents(image, at, bytes.length) };
      }),
    'image.translate': ({ id, guestOffset }) =>
      withImage(library, { id, use: 'tables-only' }, (image) => {
        const { kind, hostOffset } = extentAt(image, guestOffset, 1);
        return { kind, hostOffset };
      }),
    'image.changes': ({ id }) =>
      library.look(id, (storage) => (storage instanceof OverlayStorage ? storage.changedRanges() : [])),
    'image.originalBytes': ({ id, at, length }, context) =>
      library.lookAtOriginal(id, (storage) => {
        const bytes = readPart(storage, at, length);
        context.transfer(bytes.buffer);
        return { bytes };
      }),
    'image.unlock': async ({ id, passphrase }, context) => {
      await library.look(id, (storage) =>
        library.keys.unlock(id, storage, readHead(storage, { writable: false }), passphrase, context),
      );
      return overviewOf(library, id);
    },
    'image.lock': ({ id }) => {
      library.keys.forget(id);
      return overviewOf(library, id);
    },
    'image.grantDataFile': async (request) => {
      await grantDataFile(library, request);
      return overviewOf(library, request.id);
    },
    'image.grantBacking': async (request) => {
      await grantBacking(library, request);
      return overviewOf(library, request.id);
    },
  };
}

export async function overviewOf(library: Library, id: ImageId): Promise<ImageOverview> {
  const entry = await library.entry(id);
  const chain = await backingChain(library, id);
  const dataFile = await dataFileLink(library, id);
  return library.look(id, (storage) => {
    const head = readHeadToLook(storage);
    return {
      ...headerView(entry, storage),
      isUnlocked: library.keys.cipherOf(id, storage, head) !== null,
      dataFile,
      summary: summaryOf(head),
      snapshots: snapshotRows(storage),
      chain: chain.map(({ name, format, granted }) => ({ name, format, granted })),
    };
  });
}

function readPart(storage: Storage, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthWithin(storage.size, at, length));
  storage.read(at, bytes);
  return bytes;
}

function lengthWithin(size: number, at: number, length: number): number {
  return Math.max(0, Math.min(length, BYTES_MAX, size - at));
}
