import { SvelteMap } from 'svelte/reactivity';
import type { ClusterDetail } from '#protocol';
import { isCancelled } from '../../../text/errors.ts';

const KEPT_MAX = 2000;

/** Details of single clusters: asked for one at a time, the newest wish first, and kept. */
export class ClusterDetails {
  readonly #ask: (index: number) => Promise<ClusterDetail>;
  readonly #onError: (error: unknown) => void;
  readonly #kept = new SvelteMap<number, ClusterDetail>();
  #wish: number | null = null;
  #isAsking = false;

  constructor(ask: (index: number) => Promise<ClusterDetail>, onError: (error: unknown) => void) {
    this.#ask = ask;
    this.#onError = onError;
  }

  get(index: number | null): ClusterDetail | null {
    return index === null ? null : (this.#kept.get(index) ?? null);
  }

  /** For what moves with the pointer: only the last wish matters. */
  wish(index: number): void {
    if (this.#kept.has(index)) return;
    this.#wish = index;
    void this.#serve();
  }

  /** For what must be known: waits its turn. */
  async need(index: number): Promise<ClusterDetail> {
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    const detail = await this.#ask(index);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= KEPT_MAX) this.#kept.delete(oldest);
    this.#kept.set(index, detail);
    return detail;
  }

  async #serve(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#wish !== null) {
        const index = this.#wish;
        this.#wish = null;
        await this.need(index);
      }
    } catch (error) {
      if (!isCancelled(error)) this.#onError(error);
    } finally {
      this.#isAsking = false;
    }
  }
}

/** The clusters from the header down to this one, each pointing to the next; the way that the first reference takes. */
export async function chainTo(
  index: number,
  clusterSize: number,
  need: (index: number) => Promise<ClusterDetail>,
): Promise<readonly { readonly cluster: number; readonly label: string }[]> {
  const chain: { cluster: number; label: string }[] = [];
  let cluster = index;
  // Header, L1, L2, data: a longer way can only be a circle in a damaged image.
  while (chain.length < 6) {
    const [reference] = (await need(cluster)).references;
    if (reference === undefined) break;
    const holder = Math.floor(reference.at / clusterSize);
    if (holder === cluster || chain.some((link) => link.cluster === holder)) break;
    chain.unshift({ cluster: holder, label: reference.label });
    cluster = holder;
  }
  return chain;
}
