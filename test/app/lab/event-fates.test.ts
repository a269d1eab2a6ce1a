import type { RecordedEvent } from '#protocol';
import { describe, expect, it } from 'vitest';
import { eventFates } from '../../../src/app/views/lab/event-fates.ts';

const KINDS: readonly RecordedEvent['kind'][] = ['write', 'flush', 'write', 'write', 'write', 'write'];
const events = KINDS.map((kind, seq): RecordedEvent => ({
  seq,
  kind,
  at: 0,
  length: 0,
  purpose: 'guest-data',
  operation: 0,
  epoch: 0,
  label: '',
  changedSectors: 0,
  changes: [],
  changesOmitted: 0,
}));
const atoms = [
  { event: 2, isPersisted: true },
  { event: 3, isPersisted: true },
  { event: 3, isPersisted: false },
  { event: 4, isPersisted: false },
];

describe('what became of each event', () => {
  it('is decided by its atoms after a power cut', () => {
    const fates = eventFates(events, { cut: 5, isPowerCut: true, atoms });
    expect(fates).toEqual(['durable', 'durable', 'kept', 'torn', 'lost', 'never']);
  });

  it('is open while the power is on', () => {
    const fates = eventFates(events, { cut: 5, isPowerCut: false, atoms });
    expect(fates).toEqual(['durable', 'durable', 'cached', 'cached', 'cached', 'never']);
  });

  it('follows from the last flush while the atoms are not known', () => {
    const fates = eventFates(events, { cut: 4, isPowerCut: true, atoms: null });
    expect(fates).toEqual(['durable', 'durable', 'cached', 'cached', 'never', 'never']);
  });
});
