import { EngineError } from '#engine';
import { jsonText, type JsonObject, type JsonValue } from '../options/json-text.ts';
import type { BlockNode } from './node.ts';
import { joinPath } from './path.ts';

/** What a node is called: a file name that opens the same graph again, if there is one, and options that always do. */
export interface NodeName {
  readonly exact: string | null;
  readonly options: JsonObject;
}

/** The name that is printed: the exact one, or all options as `json:{…}`. */
export function shownNameOf(node: BlockNode): string {
  const { exact, options } = nameOf(node);
  return exact ?? `json:${jsonText(options)}`;
}

/**
 * Works out a node's name from how it and its children were opened. A file name does where nothing that matters was said
 * beyond it: the format is the one that would be found, the backing file the one that the image names.
 */
export function nameOf(node: BlockNode): NodeName {
  const { driver, options: given } = node.origin;
  const isBackingReplaced = hasOtherBacking(node);
  const strong = [...given].filter(([name]) => isStrong(driver.strongOptions ?? [], name));
  const options: Record<string, JsonValue> = { driver: driver.name };
  if (given.has('filename')) options['filename'] = given.get('filename')!;
  for (const [name, value] of strong) options[name] = value;
  if (driver.childOptions !== undefined) Object.assign(options, driver.childOptions(node));
  else {
    for (const [name, child] of node.children) {
      if (name !== 'backing' || isBackingReplaced) options[name] = nameOf(child).options;
    }
    if (isBackingReplaced && !node.children.has('backing')) options['backing'] = null;
  }
  return { exact: exactNameOf(node, options, strong.length > 0 || isBackingReplaced), options };
}

/** The folder from which relative names in a node count, with its slash. @throws EngineError if it has none */
export function folderOf(node: BlockNode): string {
  if (node.origin.driver.hasFolder === false) refuseFolder(node);
  if (node.file !== null) return folderOf(node.file);
  const { exact } = nameOf(node);
  return exact === null ? refuseFolder(node) : joinPath(exact, '');
}

function refuseFolder(node: BlockNode): never {
  throw new EngineError('invalid-argument', `Cannot generate a base directory for ${node.driver} nodes`);
}

function exactNameOf(node: BlockNode, options: JsonObject, needsOptions: boolean): string | null {
  const { driver, filename } = node.origin;
  if (driver.exactName !== undefined) return driver.exactName(node, options);
  if (node.file === null) return filename === '' ? null : filename;
  // A filter is never found by looking at the file; a file that is not at the bottom needs to be described.
  if (driver.kind === 'filter' || needsOptions || node.file.origin.driver.kind !== 'protocol') return null;
  return nameOf(node.file).exact;
}

/** A name ending in a dot stands for all options below it. */
function isStrong(strong: readonly string[], name: string): boolean {
  return strong.some((one) => (one.endsWith('.') ? name.startsWith(one) : name === one));
}

/** Whether the backing file is another than the one that opening the image by name would bring. */
function hasOtherBacking(node: BlockNode): boolean {
  if (node.origin.withoutBacking) return false;
  const implied = node.impliedBacking ?? null;
  const backing = node.children.get('backing');
  return backing === undefined ? implied !== null : shownNameOf(backing) !== implied;
}
