import { EngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { NO_OBJECTS, type ObjectTable } from '../options/object-table.ts';
import type { Options } from '../options/options.ts';
import type { DriverContext, OpenFlags, Report } from './driver.ts';
import { probeDriver } from './drivers/index.ts';
import { NodeOpening } from './node-opening.ts';
import { storageOf } from './node-storage.ts';
import type { BlockNode } from './node.ts';

/** What to open: a file name, options, or both. `format` null: look at the first bytes. */
export interface OpenRequest {
  readonly filename: string | null;
  readonly format?: string | null;
  readonly options?: Options;
  readonly flags: OpenFlags;
  readonly objects?: ObjectTable;
  readonly report?: Report;
}

/**
 * Opens a block graph: a format node over a protocol node, with the backing chain.
 * @throws EngineError with the text that QEMU's tools print behind their name
 */
export async function openBlock(host: ConsoleHost, request: OpenRequest): Promise<BlockNode> {
  const node = await (await topOf(host, request)).open();
  if (request.flags.writable && node.isReadOnly) {
    node.close();
    throw new EngineError('read-only', 'Block node is read-only');
  }
  return node;
}

/**
 * Opens only the file of an image, as a check does, for which a broken image is no obstacle.
 * @returns the node below the format, and the format's name
 */
export async function openImageFile(
  host: ConsoleHost,
  request: OpenRequest,
): Promise<{ readonly file: BlockNode; readonly format: string; readonly context: DriverContext }> {
  const opening = await topOf(host, request);
  if (opening.driver?.kind === 'protocol') {
    return { file: await opening.open(), format: opening.driver.name, context: opening };
  }
  const file = await opening.openFile();
  try {
    opening.driver ??= probeDriver(storageOf(file));
    // Now that the format is known, it is judged who else may write to the file.
    await opening.openFile();
  } catch (error) {
    file.close();
    throw error;
  }
  return { file, format: opening.driver.name, context: opening };
}

async function topOf(host: ConsoleHost, request: OpenRequest): Promise<NodeOpening> {
  const { filename, format = null, options = new Map(), flags, objects = NO_OBJECTS } = request;
  const given: Options = new Map(options);
  if (format !== null && !given.has('driver')) given.set('driver', format);
  const report = request.report ?? ((message) => host.writeErr(`${message}\n`));
  const graph = { host, objects, report, nodeNames: new Set<string>() };
  return NodeOpening.begin(graph, { filename, options: given, flags, layer: 'format' });
}
