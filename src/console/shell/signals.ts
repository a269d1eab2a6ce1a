/** Thrown by a host whose process cannot be killed, in the place of the signal that would end it. */
export class KilledBySignal extends Error {
  readonly signal: number;

  constructor(signal: number) {
    super(`killed by signal ${signal}`);
    this.signal = signal;
  }
}

/** Signals that do nothing to a program which did not ask for them: none, CHLD, CONT, URG, WINCH. */
const IGNORED = new Set([0, 17, 18, 23, 28]);

/** Whether a program survives a signal (numbers of Linux). */
export function isIgnored(signal: number): boolean {
  return IGNORED.has(signal);
}

const NAMES: Readonly<Record<number, string>> = {
  1: 'Hangup',
  3: 'Quit',
  4: 'Illegal instruction',
  5: 'Trace/breakpoint trap',
  6: 'Aborted',
  7: 'Bus error',
  8: 'Floating point exception',
  9: 'Killed',
  10: 'User defined signal 1',
  11: 'Segmentation fault',
  12: 'User defined signal 2',
  14: 'Alarm clock',
  15: 'Terminated',
};

/** What a shell says of a program that a signal ended; nothing for Ctrl+C. */
export function signalText(signal: number): string | null {
  if (signal === 2 || signal === 13) return null;
  return NAMES[signal] ?? `Killed by signal ${signal}`;
}
