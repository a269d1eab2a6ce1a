import { EngineError } from '#engine';
import { CopyOnReadNode } from '../copy-on-read-node.ts';
import type { BlockDriver } from '../driver.ts';

/** What is read from a backing file is kept in the image over it. */
export const COPY_ON_READ: BlockDriver = {
  name: 'copy-on-read',
  kind: 'filter',
  async open(context) {
    const file = await context.openFile();
    if (file.isReadOnly) throw new EngineError('read-only', 'Block node is read-only');
    return new CopyOnReadNode(context.origin, file);
  },
};
