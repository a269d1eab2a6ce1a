import { EngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { NO_OBJECTS, type ObjectTable } from '../options/object-table.ts';
import type { Options } from '../options/options.ts';
import type { OpenFlags, Report } from './driver.ts';
import { NodeOpening } from './node-opening.ts';
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
  mustBeWritable(request, node);
  return node;
}

/**
 * Opens the file of an image to check it, for which a broken image is no obstacle.
 * @returns null where the format knows no check
 * @throws EngineError as {@link openBlock}
 */
export async function openToCheck(host: ConsoleHost, request: OpenRequest): Promise<BlockNode | null> {
  const { node, isCheckable } = await (await topOf(host, request)).openToCheck();
  mustBeWritable(request, node);
  if (isCheckable) return node;
  node.close();
  return null;
}

/** Closes what options have made read-only. @throws EngineError read-only */
function mustBeWritable({ flags }: OpenRequest, node: BlockNode): void {
  if (!flags.writable || !node.isReadOnly) return;
  node.close();
  throw new EngineError('read-only', 'Block node is read-only');
}

async function topOf(host: ConsoleHost, request: OpenRequest): Promise<NodeOpening> {
  const { filename, format = null, options = new Map(), flags, objects = NO_OBJECTS } = request;
  const given: Options = new Map(options);
  if (format !== null && !given.has('driver')) given.set('driver', format);
  const report = request.report ?? ((message) => host.writeErr(`${message}\n`));
  const graph = { host, objects, report, nodeNames: new Set<string>() };
  return NodeOpening.begin(graph, { filename, options: given, flags, layer: 'format' });
}
