import { EngineError } from '#engine';
import { takeOption, type Options } from '../options/options.ts';
import { takeSwitch } from '../options/take-values.ts';

const NODE_NAME_LENGTH_MAX = 31;
const DISCARD_MODES = ['ignore', 'off', 'unmap', 'on'];
const DETECT_ZEROES_MODES = ['off', 'on', 'unmap'];

export interface NodeOptions {
  readonly nodeName: string | null;
  /** Null where it is as in the node above. */
  readonly isReadOnly: boolean | null;
}

/**
 * Takes the options that every node has. Those of caching, sharing and discarding are judged and have no effect: files
 * are not shared here, and the cache mode is the command's.
 * @param taken names of nodes opened before; the new one is added
 * @throws EngineError invalid-argument
 */
export function takeNodeOptions(options: Options, taken: Set<string>): NodeOptions {
  const nodeName = takeOption(options, 'node-name') ?? null;
  if (nodeName !== null) addNodeName(nodeName, taken);
  const isReadOnly = takeSwitch(options, 'read-only') ?? null;
  for (const name of ['auto-read-only', 'cache.direct', 'cache.no-flush', 'force-share']) takeSwitch(options, name);
  const discard = takeOption(options, 'discard');
  if (discard !== undefined && !DISCARD_MODES.includes(discard)) refuse('Invalid discard option');
  const detectZeroes = takeOption(options, 'detect-zeroes');
  if (detectZeroes !== undefined && !DETECT_ZEROES_MODES.includes(detectZeroes)) {
    refuse(`invalid parameter value: ${detectZeroes}`);
  }
  return { nodeName, isReadOnly };
}

function addNodeName(name: string, taken: Set<string>): void {
  if (!/^[a-z][a-z0-9._-]*$/i.test(name)) refuse(`Invalid node-name: '${name}'`);
  if (taken.has(name)) refuse(`Duplicate nodes with node-name='${name}'`);
  if (name.length > NODE_NAME_LENGTH_MAX) refuse('Node name too long');
  taken.add(name);
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
