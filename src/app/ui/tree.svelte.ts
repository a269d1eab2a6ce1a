import { SvelteMap, SvelteSet } from 'svelte/reactivity';

/** What a tree needs to know of a node. `path` names it; children are fetched by it. */
export interface TreeNode {
  readonly path: string;
  readonly label: string;
  readonly childCount: number;
}

/** A visible line of the tree: a node, or the place of children that were not fetched yet. */
export type TreeRow<Node extends TreeNode> =
  | {
      readonly kind: 'node';
      readonly key: string;
      readonly node: Node;
      readonly depth: number;
      readonly isOpen: boolean;
    }
  | {
      readonly kind: 'more';
      readonly key: string;
      readonly parent: string;
      readonly depth: number;
      readonly from: number;
      readonly count: number;
      readonly isLoading: boolean;
    };

type LoadChildren<Node> = (path: string, from: number, count: number) => Promise<readonly Node[]>;

const CHUNK = 128;

/** A tree whose children come in chunks when they are asked for. */
export class LazyTree<Node extends TreeNode> {
  readonly #load: LoadChildren<Node>;
  readonly #onError: (error: unknown) => void;
  readonly #children = new SvelteMap<string, readonly Node[]>();
  readonly #open = new SvelteSet<string>();
  readonly #loading = new SvelteSet<string>();
  #rootCount = $state(0);

  constructor(load: LoadChildren<Node>, onError: (error: unknown) => void) {
    this.#load = load;
    this.#onError = onError;
  }

  readonly rows = $derived(this.#listRows('', this.#rootCount, 0));

  async loadRoots(): Promise<void> {
    await this.more('');
    this.#rootCount = this.#children.get('')?.length ?? 0;
  }

  async toggle(node: Node): Promise<void> {
    if (this.#open.has(node.path)) return this.close(node);
    await this.open(node);
  }

  close(node: Node): void {
    this.#open.delete(node.path);
  }

  async open(node: Node): Promise<void> {
    if (node.childCount === 0) return;
    this.#open.add(node.path);
    if (!this.#children.has(node.path)) await this.more(node.path);
  }

  /** Fetches the next chunk of children. */
  async more(path: string): Promise<void> {
    if (this.#loading.has(path)) return;
    this.#loading.add(path);
    try {
      const before = this.#children.get(path) ?? [];
      const next = await this.#load(path, before.length, CHUNK);
      this.#children.set(path, [...before, ...next]);
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#loading.delete(path);
    }
  }

  #listRows(path: string, childCount: number, depth: number): TreeRow<Node>[] {
    const children = this.#children.get(path) ?? [];
    const rows = children.flatMap((node) => this.#rowsOf(node, depth));
    if (children.length < childCount) {
      const isLoading = this.#loading.has(path);
      const missing = { from: children.length, count: childCount - children.length };
      rows.push({ kind: 'more', key: `${path}…`, parent: path, depth, isLoading, ...missing });
    }
    return rows;
  }

  #rowsOf(node: Node, depth: number): TreeRow<Node>[] {
    const isOpen = this.#open.has(node.path);
    const row = { kind: 'node', key: node.path, node, depth, isOpen } as const;
    return isOpen ? [row, ...this.#listRows(node.path, node.childCount, depth + 1)] : [row];
  }
}
