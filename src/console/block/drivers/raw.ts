import type { BlockDriver } from '../driver.ts';
import { RawNode } from '../raw-node.ts';

/** The bytes of a file as a disk. */
export const RAW: BlockDriver = {
  name: 'raw',
  kind: 'format',
  open: async (context) => new RawNode(context.filename, await context.openFile()),
};
