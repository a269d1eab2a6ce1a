import type { AtomView, ClusterUse, DiskModel } from '#protocol';

/** The atoms of one write that the disk's cache still holds. */
export interface AtomRow {
  readonly event: number;
  readonly use: ClusterUse;
  readonly atoms: readonly AtomView[];
  readonly persisted: 'none' | 'some' | 'all';
}

export function atomRows(atoms: readonly AtomView[]): AtomRow[] {
  const events = [...new Set(atoms.map((atom) => atom.event))];
  return events.map((event) => {
    const own = atoms.filter((atom) => atom.event === event);
    const count = own.filter((atom) => atom.isPersisted).length;
    const persisted = count === 0 ? 'none' : count === own.length ? 'all' : 'some';
    return { event, use: own[0]!.use, atoms: own, persisted };
  });
}

export type PersistedPreset = 'none' | 'all' | 'random' | 'torn';

/** The atoms that a preset keeps. `random` gives numbers in [0, 1). */
export function presetAtoms(
  preset: PersistedPreset,
  atoms: readonly AtomView[],
  order: DiskModel['order'],
  random: () => number,
): number[] {
  const indexes = atoms.map((atom) => atom.index);
  switch (preset) {
    case 'none':
      return [];
    case 'all':
      return indexes;
    case 'random':
      if (order === 'in-order') return indexes.slice(0, Math.floor(random() * (indexes.length + 1)));
      return indexes.filter(() => random() < 0.5);
    case 'torn':
      return tornAtoms(atoms, order);
  }
}

/** Whether any cached write consists of several atoms, so that it can be torn. */
export function canTear(atoms: readonly AtomView[]): boolean {
  return atomRows(atoms).some((row) => row.atoms.length > 1);
}

/** The first half of every write that can be torn, whole writes otherwise; in order, what follows a torn one is lost. */
function tornAtoms(atoms: readonly AtomView[], order: DiskModel['order']): number[] {
  const kept: number[] = [];
  for (const row of atomRows(atoms)) {
    const count = row.atoms.length === 1 ? 1 : row.atoms.length >> 1;
    kept.push(...row.atoms.slice(0, count).map((atom) => atom.index));
    if (order === 'in-order' && count < row.atoms.length) break;
  }
  return kept;
}

/**
 * Persisted atoms after ticking or clearing some. A disk that keeps the order persists a prefix: ticking an atom ticks
 * everything before it, clearing one clears everything after it.
 */
export function toggleAtoms(
  atoms: readonly AtomView[],
  toggled: readonly number[],
  isPersisted: boolean,
  order: DiskModel['order'],
): number[] {
  const set = new Set(atoms.filter((atom) => atom.isPersisted).map((atom) => atom.index));
  if (order === 'in-order') {
    const first = Math.min(...toggled);
    const last = Math.max(...toggled);
    return atoms
      .map((atom) => atom.index)
      .filter((index) => (isPersisted ? index <= last || set.has(index) : index < first));
  }
  for (const index of toggled) {
    if (isPersisted) set.add(index);
    else set.delete(index);
  }
  return [...set].sort((a, b) => a - b);
}
