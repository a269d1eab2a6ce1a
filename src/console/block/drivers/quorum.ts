import { EngineError } from '#engine';
import { takeOption, type Options } from '../../options/options.ts';
import { takeNumber, takeSwitch } from '../../options/take-values.ts';
import type { BlockDriver, DriverContext } from '../driver.ts';
import { nameOf } from '../node-name.ts';
import type { BlockNode } from '../node.ts';
import { QuorumNode } from '../quorum-node.ts';

/** The same disk on several nodes; what most of them say counts. */
export const QUORUM: BlockDriver = {
  name: 'quorum',
  kind: 'format',
  strongOptions: ['vote-threshold', 'read-pattern', 'rewrite-corrupted'],
  childOptions: (node) => ({ children: [...node.children.values()].map((child) => nameOf(child).options) }),
  exactName: () => null,
  // The children may lie anywhere.
  hasFolder: false,
  async open(context) {
    const count = childCountOf(context.options);
    if (count < 1) refuse('Number of provided children must be 1 or more');
    const threshold = takeNumber(context.options, 'vote-threshold') ?? 0;
    if (threshold < 1) refuse("Parameter 'vote-threshold' expects a value >= 1");
    if (threshold > count) refuse('threshold may not exceed children count');
    const pattern = takeOption(context.options, 'read-pattern') ?? 'quorum';
    if (pattern !== 'quorum' && pattern !== 'fifo') refuse('Please set read-pattern as fifo or quorum');
    const rewrites = takeSwitch(context.options, 'rewrite-corrupted') ?? false;
    // Even who only reads would write over what is outvoted.
    if (rewrites && pattern !== 'fifo' && !context.flags.writable) refuse('Block node is read-only');
    const children: BlockNode[] = [];
    for (let index = 0; index < count; index++) children.push(await openNumbered(context, index));
    const reading = pattern === 'fifo' ? 'first' : rewrites ? 'rewriting-vote' : 'vote';
    return new QuorumNode(context.origin, children, { threshold, reading });
  },
};

function childCountOf(options: Options): number {
  const indices = [...options.keys()].map((name) => /^children\.(\d+)(\.|$)/.exec(name)?.[1]);
  return new Set(indices.filter((index) => index !== undefined)).size;
}

async function openNumbered(context: DriverContext, index: number): Promise<BlockNode> {
  const child = await context.openChild(`children.${index}`, { role: 'data' });
  return child ?? refuse(`A block device must be specified for "children.${index}"`);
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
