import { addBitmap, mergeBitmap, removeBitmap, type Image } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { attemptWithin, ImgFailure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';

/**
 * Whether the bitmaps of the only source can be copied, before anything is written.
 * @throws ImgFailure with QEMU's text
 */
export function judgeBitmaps(invocation: Invocation, sources: readonly BlockNode[]): void {
  if (!invocation.has('bitmaps')) return;
  if (sources.length > 1) throw new ImgFailure('Copying bitmaps only possible with single source');
  const { image } = sources[0]!;
  if (!keepsBitmaps(image)) throw new ImgFailure('Source lacks bitmap support');
  // The one that came last is met first, as everywhere where QEMU goes through bitmaps.
  const broken = image.bitmaps.list.findLast(({ isInconsistent }) => isInconsistent);
  if (broken === undefined || invocation.has('skip-broken-bitmaps')) return;
  throw new ImgFailure(`Cannot copy inconsistent bitmap '${broken.name}'`, {
    hints: ["Try --skip-broken-bitmaps, or use 'qemu-img bitmap --remove' to delete it"],
  });
}

/** @throws ImgFailure where the format of the target keeps no bitmaps */
export function judgeTargetOfBitmaps(invocation: Invocation, { driver, image }: BlockNode): void {
  if (!invocation.has('bitmaps') || keepsBitmaps(image)) return;
  throw new ImgFailure(`Format driver '${driver}' does not support bitmaps`);
}

/** Copies the consistent bitmaps of the source; the close of the target stores them. @throws ImgFailure */
export function copyBitmaps(invocation: Invocation, source: BlockNode, target: BlockNode): void {
  if (!invocation.has('bitmaps')) return;
  const [from, to] = [source.image!, target.image!];
  for (const { name, granularityBits, isEnabled, isInconsistent } of from.bitmaps.list.toReversed()) {
    if (isInconsistent) {
      invocation.complain(`warning: Skipping inconsistent bitmap '${name}'`);
      continue;
    }
    attemptWithin(`Failed to create bitmap ${name}`, () =>
      addBitmap(to, { name, granularity: 2 ** granularityBits, isEnabled }, target.filename),
    );
    try {
      attemptWithin(`Failed to populate bitmap ${name}`, () => mergeBitmap(to, name, { image: from, name }));
    } catch (error) {
      removeBitmap(to, name);
      throw error;
    }
  }
}

function keepsBitmaps(image: Image | null): image is Image {
  return image !== null && image.geometry.version === 3;
}
