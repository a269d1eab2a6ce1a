import { EngineError } from '#engine';
import { CompressNode } from '../compress-node.ts';
import type { BlockDriver } from '../driver.ts';
import { imageNodeOf } from '../layers.ts';

/** Drivers that take compressed writes. */
const TARGETS: readonly string[] = ['qcow2', 'copy-on-read'];

/** Everything that is written is compressed. */
export const COMPRESS: BlockDriver = {
  name: 'compress',
  kind: 'filter',
  async open(context) {
    const file = await context.openFile();
    if (!TARGETS.includes(file.driver)) {
      throw new EngineError('unsupported', `Compression is not supported for underlying format: ${file.driver}`);
    }
    const clusterSize = imageNodeOf(file).image?.geometry.clusterSize ?? 1;
    if (!file.isReadOnly && file.length % clusterSize !== 0) {
      const message =
        "Cannot get 'write' permission without 'resize': Image size is not a multiple of request alignment";
      throw new EngineError('invalid-argument', message);
    }
    return new CompressNode(context.origin, file, clusterSize);
  },
};
