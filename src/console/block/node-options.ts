import { EngineError } from '#engine';
import { takeOption, type Options } from '../options/options.ts';
import { takeSwitch } from '../options/take-values.ts';
import { parseDiscardMode } from '../options/discard-mode.ts';
import type { DetectZeroes } from './node.ts';

const NODE_NAME_LENGTH_MAX = 31;
const DETECT_ZEROES: readonly DetectZeroes[] = ['off', 'on', 'unmap'];

export interface NodeOptions {
  readonly nodeName: string | null;
  /** Null where it is as in the node above. */
  readonly isReadOnly: boolean | null;
  /** Whether others may write at the same time; null where it is as in the node above. */
  readonly isShared: boolean | null;
  /** Whether the host's cache is left out; null where nothing is said of it. */
  readonly isDirect: boolean | null;
  /** Whether discards are passed on; null where nothing is said of it. */
  readonly passesDiscards: boolean | null;
  readonly detectZeroes: DetectZeroes;
}

/**
 * Takes the options that every node has. Those of caching are judged and have no effect: the cache mode is the command's.
 * @param taken names of nodes opened before; the new one is added
 * @throws EngineError invalid-argument
 */
export function takeNodeOptions(options: Options, taken: Set<string>): NodeOptions {
  const nodeName = takeOption(options, 'node-name') ?? null;
  if (nodeName !== null) addNodeName(nodeName, taken);
  const isReadOnly = takeSwitch(options, 'read-only') ?? null;
  const isShared = takeSwitch(options, 'force-share') ?? null;
  const isDirect = takeSwitch(options, 'cache.direct') ?? null;
  for (const name of ['auto-read-only', 'cache.no-flush']) takeSwitch(options, name);
  const discard = takeOption(options, 'discard');
  const passesDiscards = discard === undefined ? null : parseDiscardMode(discard);
  if (discard !== undefined && passesDiscards === null) refuse('Invalid discard option');
  const zeroes = takeOption(options, 'detect-zeroes') ?? 'off';
  const detectZeroes = DETECT_ZEROES.find((mode) => mode === zeroes) ?? refuse(`invalid parameter value: ${zeroes}`);
  return { nodeName, isReadOnly, isShared, isDirect, passesDiscards, detectZeroes };
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
