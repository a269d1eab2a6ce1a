import { EngineError } from '#engine';
import { takeSize } from '../../options/take-values.ts';
import type { BlockDriver } from '../driver.ts';
import { RawNode } from '../raw-node.ts';

const SECTOR = 512;

/** The bytes of a file, or a part of them, as a disk. */
export const RAW: BlockDriver = {
  name: 'raw',
  kind: 'format',
  strongOptions: ['offset', 'size'],
  takeChangeable(options) {
    takeSize(options, 'offset');
    takeSize(options, 'size');
  },
  async open(context) {
    const offset = takeSize(context.options, 'offset') ?? 0;
    const size = takeSize(context.options, 'size') ?? null;
    const file = await context.openFile();
    const available = file.length;
    if (offset > available) {
      refuse(`Offset (${offset}) cannot be greater than size of the containing file (${available})`);
    }
    if (size !== null && offset + size > available) {
      refuse(
        `The sum of offset (${offset}) and size (${size}) has to be smaller or equal to the ` +
          ` actual size of the containing file (${available})`,
      );
    }
    if (size !== null && size % SECTOR !== 0) refuse(`Specified size is not multiple of ${SECTOR}`);
    return new RawNode(context.origin, file, { offset, size });
  },
};

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
