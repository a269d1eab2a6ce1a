/** Whether discards are passed on, by the name of the mode on the command line; null for a name that is none. */
export function parseDiscardMode(text: string): boolean | null {
  if (text === 'unmap' || text === 'on') return true;
  return text === 'ignore' || text === 'off' ? false : null;
}
