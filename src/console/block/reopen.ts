import { EngineError } from '#engine';
import { takeChild, textOf, type Options, type OptionValue } from '../options/options.ts';
import { takeNodeOptions } from './node-options.ts';
import type { BlockNode } from './node.ts';

/**
 * Judges a change of options of an open graph, before anything is changed: each must be one that its node can change
 * while it is open, or say what is the case already.
 * @param joined the options as they would be with the changes
 * @throws EngineError invalid-argument
 */
export function judgeReopen(node: BlockNode, changes: Options, joined: Options): void {
  const own: Options = new Map(changes);
  const ownJoined: Options = new Map(joined);
  const below = [...node.children].map(([name, child]) => ({
    child,
    changes: takeChild(own, name),
    joined: takeChild(ownJoined, name),
  }));
  judgeNode(node, own, ownJoined);
  for (const one of below) judgeReopen(one.child, one.changes, one.joined);
}

function judgeNode(node: BlockNode, changes: Options, joined: Options): void {
  const { driver, nodeName, options } = node.origin;
  mustBeSame('driver', changes, driver.name);
  mustBeSame('node-name', changes, nodeName);
  joined.delete('driver');
  takeNodeOptions(joined, new Set());
  driver.takeChangeable?.(joined, node);
  for (const name of changes.keys()) if (joined.has(name)) mustBeSame(name, changes, options.get(name) ?? null);
}

function mustBeSame(name: string, changes: Options, before: OptionValue): void {
  const wanted = changes.get(name);
  if (wanted === undefined || (before !== null && textOf(wanted) === textOf(before))) return;
  throw new EngineError('invalid-argument', `Cannot change the option '${name}'`);
}
