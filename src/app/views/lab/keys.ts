import type { Lab } from './lab.svelte.ts';

/** What a key does in the lab while the focus is on `target`; null where it is not the lab's. */
export function keyAction(lab: Lab, key: string, target: EventTarget | null): (() => void) | null {
  switch (key) {
    case ',':
      return () => lab.moveTo(lab.stop - 1);
    case '.':
      return () => lab.moveTo(lab.stop + 1);
    case ' ':
      // A focused button keeps its own Space.
      return target instanceof Element && target.closest('button, a, summary, input') !== null
        ? null
        : () => lab.togglePlay();
    case 'x':
      return () => lab.pullPlug();
    case 'r':
      return () => void lab.reopen();
    case 'Escape':
      return lab.isCut ? () => lab.restorePower() : null;
    default:
      return null;
  }
}
