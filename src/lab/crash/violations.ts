import type { GuestView } from '../crash-state.ts';

/** Promises to the guest that `guest` shows to be broken, one sentence each. */
export function guestViolations({ runs, unreadable }: GuestView): string[] {
  const broken = unreadable === null ? [] : [`The image cannot be opened: ${unreadable}`];
  for (const { status, at, length } of runs) {
    const where = `${length} bytes at guest 0x${at.toString(16)}`;
    if (status === 'acked-lost') broken.push(`${where} were acknowledged as durable and are lost.`);
    if (status === 'foreign') broken.push(`${where} read as something that was never written there.`);
  }
  return broken;
}
