import type { Storage } from '../storage/storage.ts';
import { plural } from './field-text.ts';
import { outlineBitmaps, outlineSnapshots, readOutline, type TablePlace } from './outline.ts';
import { sizeText } from './size-text.ts';
import { extensionChildren, headerChildren } from './structure-header.ts';
import { bitmapChildren, snapshotChildren } from './structure-lists.ts';
import { inWindow, leaf, type Scope } from './structure-node.ts';
import { l1Children, refcountChildren } from './structure-tables.ts';
import { presentEntries } from './table-runs.ts';
import type { ClusterUse, StructureNode } from './use.ts';

/**
 * The children of a node of the structure tree, `count` of them from index `from` on. The root's path is empty; every
 * other path is the one that its parent gave. Tables are read only when asked for, and a path that no longer leads
 * anywhere (the image changed) has no children.
 */
export function structureChildren(storage: Storage, path: string, from: number, count: number): StructureNode[] {
  const outline = readOutline(storage);
  if (outline === null) return [];
  const scope = { storage, outline };
  const window = { from, end: from + count };
  const [branch = '', ...steps] = path.split('/');
  switch (branch) {
    case '':
      return inWindow(roots(scope), window);
    case 'header':
      return inWindow(headerChildren(scope, steps), window);
    case 'extensions':
      return inWindow(extensionChildren(scope, steps), window);
    case 'refcounts':
      return refcountChildren(scope, steps, window);
    case 'l1':
      return l1Children(scope, { ...outline.l1, path: 'l1', use: 'l2' }, steps, window);
    case 'snapshots':
      return snapshotChildren(scope, steps, window);
    case 'bitmaps':
      return bitmapChildren(scope, steps, window);
    default:
      return [];
  }
}

function roots(scope: Scope): StructureNode[] {
  const { refcountTable, l1, luks } = scope.outline;
  const blockCount = presentEntries(scope.storage, refcountTable).length;
  const l2Count = presentEntries(scope.storage, l1).length;
  return [
    headerNode(scope),
    extensionsNode(scope),
    {
      ...tableNode('refcounts', 'Refcount table', 'refcount-table', refcountTable),
      detail: plural(blockCount, 'refcount block'),
      childCount: blockCount,
    },
    { ...tableNode('l1', 'L1 table', 'l1', l1), detail: plural(l2Count, 'L2 table'), childCount: l2Count },
    ...snapshotsNode(scope),
    ...bitmapsNode(scope),
    ...(luks === null
      ? []
      : [leaf({ path: 'luks', label: 'LUKS header', detail: sizeText(luks.length), use: 'luks', ...luks })]),
  ];
}

function headerNode(scope: Scope): StructureNode {
  const { header, geometry } = scope.outline;
  return {
    path: 'header',
    label: 'Header',
    detail: `version ${header.version}, ${sizeText(header.virtualSize)}`,
    use: 'header',
    at: 0,
    length: geometry.clusterSize,
    childCount: headerChildren(scope, []).length,
  };
}

function extensionsNode(scope: Scope): StructureNode {
  const { geometry, extensions } = scope.outline;
  const nodes = extensionChildren(scope, []);
  const at = nodes[0]?.at ?? 0;
  return {
    path: 'extensions',
    label: 'Header extensions',
    detail: plural(nodes.length, 'extension'),
    use: 'header',
    at,
    length: nodes.length === 0 ? 0 : (extensions.endMarkerAt ?? geometry.clusterSize) - at,
    childCount: nodes.length,
  };
}

function tableNode(path: string, label: string, use: ClusterUse, { at, entryCount }: TablePlace) {
  return { path, label, use, at, length: entryCount * 8 };
}

function snapshotsNode({ storage, outline }: Scope): StructureNode[] {
  const at = outline.header.snapshotsOffset;
  const snapshots = [...outlineSnapshots(storage, outline)];
  const last = snapshots.at(-1);
  if (last === undefined) return [];
  return [
    {
      path: 'snapshots',
      label: 'Snapshots',
      detail: plural(snapshots.length, 'snapshot'),
      use: 'snapshot-table',
      at,
      length: last.at + last.length - at,
      childCount: snapshots.length,
    },
  ];
}

function bitmapsNode({ storage, outline }: Scope): StructureNode[] {
  if (outline.bitmapDirectory === null) return [];
  const bitmapCount = outlineBitmaps(storage, outline).length;
  return [
    {
      path: 'bitmaps',
      label: 'Bitmaps',
      detail: plural(bitmapCount, 'bitmap'),
      use: 'bitmap',
      ...outline.bitmapDirectory,
      childCount: bitmapCount,
    },
  ];
}
