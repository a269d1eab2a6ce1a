import type { HostOffset, Purpose, Storage } from '#engine';

/** One host I/O with everything needed to replay it forwards and to say what it changed. */
export type TraceEvent = {
  readonly purpose: Purpose;
  /** Index of the guest operation that caused it. */
  readonly operation: number;
  /** Size of the file before it. */
  readonly sizeBefore: number;
} & (
  | { readonly kind: 'write'; readonly at: HostOffset; readonly before: Uint8Array; readonly after: Uint8Array }
  | { readonly kind: 'discard'; readonly at: HostOffset; readonly before: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number; readonly before: Uint8Array }
  | { readonly kind: 'flush' }
);

/** Host I/O in the order of issue, on top of a file that nobody changes any more. */
export interface Trace {
  readonly base: Storage;
  readonly events: readonly TraceEvent[];
}

export function sizeAfter(event: TraceEvent): number {
  switch (event.kind) {
    case 'write':
      return Math.max(event.sizeBefore, event.at + event.after.length);
    case 'truncate':
      return event.size;
    case 'discard':
    case 'flush':
      return event.sizeBefore;
  }
}

/** Carries out one event on `storage`. */
export function replay(event: TraceEvent, storage: Storage): void {
  switch (event.kind) {
    case 'write':
      return storage.write(event.at, event.after, event.purpose);
    case 'discard':
      return storage.discard(event.at, event.before.length, event.purpose);
    case 'truncate':
      return storage.truncate(event.size, event.purpose);
    case 'flush':
      return;
  }
}

/** Index of the first event after the last flush before `cut`: the open epoch is [this, cut). */
export function openEpochBegin(events: readonly TraceEvent[], cut: number): number {
  for (let seq = Math.min(cut, events.length) - 1; seq >= 0; seq--) {
    if (events[seq]!.kind === 'flush') return seq + 1;
  }
  return 0;
}
