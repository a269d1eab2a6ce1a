import { findSnapshot, viewSnapshot } from '#engine';
import type { Report } from '../block/driver.ts';
import type { BlockNode } from '../block/node.ts';
import { parseOptions } from '../options/options.ts';
import { ImgFailure, mustBeEngineError } from './failure.ts';

/** Which internal snapshot `-l` means: `snapshot.id=ID,snapshot.name=NAME`, or an id or name alone. */
export type SnapshotParameter =
  | { readonly kind: 'either'; readonly idOrName: string }
  | { readonly kind: 'exact'; readonly id: string | undefined; readonly name: string | undefined };

/** @param report takes warnings, where nobody has taken them before; @throws ImgFailure with QEMU's text */
export function parseSnapshotParameter(text: string, report: Report = () => undefined): SnapshotParameter {
  if (!text.startsWith('snapshot.')) return { kind: 'either', idOrName: text };
  const values = parseOptions(text, report);
  const unknown = [...values.keys()].find((name) => name !== 'snapshot.id' && name !== 'snapshot.name');
  if (unknown !== undefined) {
    throw new ImgFailure(`Invalid parameter '${unknown}'`, {
      hints: [`qemu-img: Failed in parsing snapshot param '${text}'`],
    });
  }
  return { kind: 'exact', id: values.get('snapshot.id'), name: values.get('snapshot.name') };
}

/** Lets a node that was opened read-only show what its disk was when a snapshot was taken. @throws ImgFailure */
export function loadSnapshot({ image, driver }: BlockNode, wanted: SnapshotParameter): void {
  if (image === null) {
    throw new ImgFailure(
      `Failed to load snapshot: Block format '${driver}' used by device '' does not support temporarily loading internal snapshots`,
    );
  }
  const found =
    wanted.kind === 'either'
      ? findSnapshot(image, wanted.idOrName)
      : (image.snapshots.find(
          ({ id, name }) =>
            (wanted.id === undefined || wanted.id === id) && (wanted.name === undefined || wanted.name === name),
        ) ?? null);
  if (found === null) throw new ImgFailure("Failed to load snapshot: Can't find snapshot");
  try {
    viewSnapshot(image, found);
  } catch (error) {
    throw new ImgFailure(`Failed to load snapshot: ${mustBeEngineError(error).message}`);
  }
}
