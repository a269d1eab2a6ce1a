import { checkImage, drain, type LongTask } from '#engine';
import { crashPointOf, isDataAtom, type CrashPoint } from '../crash/crash-point.ts';
import { verdictOf, violationsOf } from '../crash/crash-state-of.ts';
import { CRASH_VERDICTS } from '../crash-state.ts';
import { guestView } from '../guest/guest-view.ts';
import type { ScenarioRun } from '../run/run-scenario.ts';

/**
 * For each moment of the trace the worst verdict (index into CRASH_VERDICTS) of a crash that keeps all atoms, none, all
 * but one, or only one; the data of one write counts as one here.
 */
export function* survey(run: ScenarioRun): LongTask<Uint8Array<ArrayBuffer>> {
  const moments = run.trace.events.length + 1;
  const worst = new Uint8Array(moments);
  for (let cut = 0; cut < moments; cut++) {
    const point = crashPointOf(run, [{ cut, persisted: 'none' }]);
    for (const isKept of choicesOf(groupsOf(point))) {
      point.epoch.atoms.forEach((_, index) => point.media.setPersisted(index, isKept(index)));
      worst[cut] = Math.max(worst[cut]!, verdictAt(point));
    }
    yield { phase: 'survey', done: cut + 1, total: moments };
  }
  return worst;
}

function verdictAt({ run, media, guestCut }: CrashPoint): number {
  const check = drain(checkImage(media));
  return CRASH_VERDICTS.indexOf(verdictOf(check, violationsOf(check, guestView(run, media, guestCut))));
}

/** Metadata atoms one by one, the data of a write together. */
function groupsOf({ epoch, trace }: CrashPoint): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, atom] of epoch.atoms.entries()) {
    const key = isDataAtom(atom, trace) && atom.kind === 'sectors' ? `event ${atom.event}` : `atom ${index}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

function* choicesOf(groups: readonly number[][]): Generator<(index: number) => boolean> {
  yield () => false;
  yield () => true;
  for (const group of groups) {
    yield (index) => group.includes(index);
    yield (index) => !group.includes(index);
  }
}
