import { checkImage, clusterMap, drain, type CheckReport, type Geometry } from '#engine';
import type { AtomView, CrashState, CrashVerdict, GuestView } from '../crash-state.ts';
import type { Atom } from '../disk/atoms.ts';
import { guestView } from '../guest/guest-view.ts';
import { SECTOR } from '../guest/sector-content.ts';
import { engineMemoryAt } from '../run/run-scenario.ts';
import { describeTrace } from '../trace/describe-trace.ts';
import { useOf } from '../trace/structures.ts';
import { TableIndex } from '../trace/table-index.ts';
import type { RecordedEvent } from '../recording.ts';
import { operationsAt, type CrashPoint } from './crash-point.ts';
import { placesOf } from './places.ts';
import { guestViolations } from './violations.ts';

/** A crash point for people: what persisted, what it means for the image, and what the guest finds. */
export function crashStateOf(point: CrashPoint): CrashState {
  const { run, media, epoch, guestCut } = point;
  const index = new TableIndex(point.trace);
  const events = describeTrace(point.trace, index);
  const memory = point.depth === 0 ? engineMemoryAt(run, point.cut) : null;
  const check = drain(checkImage(media));
  const guest = guestView(run, media, guestCut);
  const violations = violationsOf(check, guest);
  const { acked, interrupted } = operationsAt(run, guestCut);
  return {
    ackedOperation: acked,
    interruptedOperation: interrupted,
    epoch: events[epoch.begin]?.epoch ?? events.at(-1)?.epoch ?? 0,
    stateCountLog2: run.scenario.disk.order === 'any' ? epoch.atoms.length : Math.log2(epoch.atoms.length + 1),
    atoms: epoch.atoms.map((atom, atomIndex) => viewOfAtom(atom, atomIndex, point, events[atom.event]!, index)),
    places: placesOf(point, memory, index),
    map: drain(clusterMap(media)),
    isDirty: check.isDirty,
    check,
    verdict: verdictOf(check, violations),
    violations,
    guest,
    fileSize: media.size,
  };
}

/** The promises that hold for any crash image before its repair, as far as they can be seen on it alone. */
export function violationsOf(check: CheckReport, guest: GuestView): string[] {
  const violations: string[] = [];
  const { corruptions, checkErrors } = check.counters;
  if (!check.isDirty && corruptions > 0) {
    violations.push(
      `The image says that it is clean, but ${corruptions} references are not covered by refcounts or are otherwise wrong.`,
    );
  }
  if (checkErrors > 0 || check.aborted !== null) violations.push('The metadata cannot be read.');
  return [...violations, ...guestViolations(guest)];
}

export function verdictOf(check: CheckReport, violations: readonly string[]): CrashVerdict {
  if (violations.length > 0) return 'violation';
  if (check.isDirty) return 'repair';
  return check.counters.leaks > 0 ? 'leaks' : 'safe';
}

function viewOfAtom(
  atom: Atom,
  index: number,
  { media }: CrashPoint,
  event: RecordedEvent,
  { geometry }: TableIndex,
): AtomView {
  const base = { index, event: atom.event, kind: atom.kind, isPersisted: media.isPersisted(index) };
  switch (atom.kind) {
    case 'size':
      return { ...base, at: atom.size, length: 0, use: 'free', label: `file size 0x${atom.size.toString(16)}` };
    case 'hole':
      return { ...base, at: atom.at, length: atom.length, use: 'free', label: `hole in ${event.label}` };
    case 'sectors': {
      const label = sectorsLabel(atom.at, atom.bytes.length, event, geometry);
      return { ...base, at: atom.at, length: atom.bytes.length, use: useOf(event.purpose), label };
    }
  }
}

/** `L2[0][5]`, `L2[0][5] … L2[0][9]`, or `cluster 6 sectors 0–7`. */
function sectorsLabel(at: number, length: number, event: RecordedEvent, { clusterSize }: Geometry): string {
  const inside = event.changes.filter((change) => change.at < at + length && at < change.at + change.length);
  const isSectors = inside.some((change) => change.label.startsWith('cluster '));
  if (inside.length > 0 && !isSectors) {
    const [first, last] = [inside[0]!.label, inside.at(-1)!.label];
    return first === last ? first : `${first} … ${last}`;
  }
  const cluster = Math.floor(at / clusterSize);
  const firstSector = Math.floor((at - cluster * clusterSize) / SECTOR);
  const count = Math.ceil(length / SECTOR);
  const sectors = count === 1 ? `sector ${firstSector}` : `sectors ${firstSector}–${firstSector + count - 1}`;
  return `cluster ${cluster} ${sectors}`;
}
