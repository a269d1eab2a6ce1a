import { extentAt, readAt } from '#engine';
import type { ImageId, ImageMethods, ImageOverview } from '#protocol';
import type { Handlers } from '#rpc';
import type { Library } from '../library/library.ts';
import { summaryOf } from '../library/summary.ts';
import { backingChain, grantBacking } from './backing-chain.ts';
import { guestMap } from './guest-map.ts';
import { extensionRows, featureRows, headerRows, snapshotRows } from './head-rows.ts';
import { readHeadToLook, withImage } from './open.ts';

/** A request asks for what fits on a screen; this much at once is a mistake. */
const BYTES_MAX = 16 * 1024 * 1024;

export type LookingMethods = Pick<
  ImageMethods,
  'image.overview' | 'image.guestMap' | 'image.guestBytes' | 'image.translate' | 'image.grantBacking'
>;

/** What is asked of an image without changing a byte of it. */
export function lookingHandlers(library: Library): Handlers<LookingMethods> {
  return {
    'image.overview': async ({ id }) => {
      await library.noteUse(id);
      return overviewOf(library, id);
    },
    'image.guestMap': ({ id, buckets }, context) =>
      withImage(library, id, async (image) => {
        const map = await context.run(guestMap(image, buckets));
        context.transfer(map.use.buffer);
        return map;
      }),
    'image.guestBytes': ({ id, at, length }, context) =>
      withImage(library, id, (image) => {
        const bytes = new Uint8Array(clamp(Math.min(length, BYTES_MAX), image.virtualSize - at));
        readAt(image, at, bytes);
        context.transfer(bytes.buffer);
        return { bytes };
      }),
    'image.translate': ({ id, guestOffset }) =>
      withImage(library, id, (image) => {
        const { kind, hostOffset } = extentAt(image, guestOffset, 1);
        return { kind, hostOffset };
      }),
    'image.grantBacking': async (request) => {
      await grantBacking(library, request);
      return overviewOf(library, request.id);
    },
  };
}

export async function overviewOf(library: Library, id: ImageId): Promise<ImageOverview> {
  const { name, place, fileSize, unsavedChanges } = await library.entry(id);
  const chain = await backingChain(library, id);
  return library.look(id, (storage) => {
    const head = readHeadToLook(storage);
    return {
      id,
      name,
      place,
      fileSize,
      unsavedChanges,
      summary: summaryOf(head),
      header: headerRows(storage, head),
      features: featureRows(head),
      extensions: extensionRows(storage, head),
      snapshots: snapshotRows(head),
      chain: chain.map(({ name: link, format, granted }) => ({ name: link, format, granted })),
      info: '',
    };
  });
}

function clamp(wanted: number, available: number): number {
  return Math.max(0, Math.min(wanted, available));
}
