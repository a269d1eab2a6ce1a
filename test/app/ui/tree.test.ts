import { describe, expect, it } from 'vitest';
import { LazyTree, type TreeNode } from '../../../src/app/ui/tree.svelte.ts';

/** A root with 300 leaves, and a leaf beside it. */
const load = async (path: string, from: number, count: number): Promise<TreeNode[]> => {
  if (path === '') {
    return [
      { path: 'l1', label: 'L1', childCount: 300 },
      { path: 'header', label: 'Header', childCount: 0 },
    ];
  }
  const length = Math.min(count, 300 - from);
  return Array.from({ length }, (_, index) => ({
    path: `l1/${from + index}`,
    label: `${from + index}`,
    childCount: 0,
  }));
};

async function opened() {
  const tree = new LazyTree(load, (error) => expect.fail(String(error)));
  await tree.loadRoots();
  const [root] = tree.rows;
  if (root?.kind !== 'node') throw new Error('no root');
  await tree.open(root.node);
  return { tree, root: root.node };
}

describe('LazyTree', () => {
  it('begins with closed roots', async () => {
    const tree = new LazyTree(load, () => undefined);
    await tree.loadRoots();
    expect(tree.rows.map((row) => row.key)).toEqual(['l1', 'header']);
  });

  it('fetches children in chunks and says how many are missing', async () => {
    const { tree } = await opened();
    expect(tree.rows).toHaveLength(1 + 128 + 1 + 1);
    expect(tree.rows[129]).toMatchObject({ kind: 'more', parent: 'l1', count: 172, depth: 1 });
    await tree.more('l1');
    await tree.more('l1');
    expect(tree.rows.filter((row) => row.kind === 'more')).toEqual([]);
    expect(tree.rows).toHaveLength(302);
  });

  it('closes without forgetting', async () => {
    const { tree, root } = await opened();
    tree.close(root);
    expect(tree.rows).toHaveLength(2);
    await tree.toggle(root);
    expect(tree.rows).toHaveLength(131);
  });

  it('does not open a leaf', async () => {
    const { tree } = await opened();
    await tree.open({ path: 'header', label: 'Header', childCount: 0 });
    expect(tree.rows.find((row) => row.key === 'header')).toMatchObject({ isOpen: false });
  });
});
