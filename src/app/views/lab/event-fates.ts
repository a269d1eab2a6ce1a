import type { AtomView, RecordedEvent } from '#protocol';

/** What became of an event at a moment: `cached` while the power is still on, kept, torn or lost after the cut. */
export type EventFate = 'durable' | 'cached' | 'kept' | 'torn' | 'lost' | 'never';

export interface Moment {
  readonly cut: number;
  readonly isPowerCut: boolean;
  /**
   * The disk's cache at `cut`; an event without atoms there changed nothing or is durable already. Null while it is not
   * known: then everything after the last flush counts as cached.
   */
  readonly atoms: readonly Pick<AtomView, 'event' | 'isPersisted'>[] | null;
}

export function eventFates(events: readonly RecordedEvent[], { cut, isPowerCut, atoms }: Moment): EventFate[] {
  if (atoms === null) return fatesByFlush(events, cut);
  const kept = new Map<number, { total: number; persisted: number }>();
  for (const atom of atoms) {
    const count = kept.get(atom.event) ?? { total: 0, persisted: 0 };
    count.total++;
    if (atom.isPersisted) count.persisted++;
    kept.set(atom.event, count);
  }
  return events.map((_, index) => {
    if (index >= cut) return 'never';
    const count = kept.get(index);
    if (count === undefined) return 'durable';
    if (!isPowerCut) return 'cached';
    if (count.persisted === 0) return 'lost';
    return count.persisted === count.total ? 'kept' : 'torn';
  });
}

function fatesByFlush(events: readonly RecordedEvent[], cut: number): EventFate[] {
  const lastFlush = events.slice(0, cut).findLastIndex((event) => event.kind === 'flush');
  return events.map((_, index) => (index >= cut ? 'never' : index <= lastFlush ? 'durable' : 'cached'));
}
