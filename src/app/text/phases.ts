/** The engine's names of phases in words. A name without words of its own is shown as it is. */
const PHASES: Readonly<Record<string, string>> = {
  walk: 'following every reference',
  compare: 'comparing with the refcounts',
  rebuild: 'rebuilding the refcounts',
  plan: 'planning the steps',
  apply: 'applying the steps',
  copy: 'copying',
  read: 'reading',
  write: 'writing',
  map: 'mapping clusters',
  save: 'saving',
  unlock: 'deriving the key',
  explore: 'exploring crash states',
};

export function phaseWords(phase: string): string {
  return PHASES[phase] ?? phase.replaceAll('-', ' ');
}
