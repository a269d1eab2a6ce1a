import {
  checkImage,
  checkOutput,
  checkTranscript,
  clusterMap,
  explain,
  type CheckReport,
  type LongTask,
  type Storage,
} from '#engine';
import type { CheckOutcome, ClusterMap } from '#protocol';
import { readHeadToLook } from './open.ts';

/** Checks an image and says what came of it, in words and as `qemu-img check` would. Reads only. */
export function* checkOutcome(storage: Storage): LongTask<CheckOutcome> {
  const report = yield* checkImage(storage);
  return outcomeOf(storage, report);
}

/** The check of an image together with its map, for the picture before and after a repair. */
export function* checkedMap(storage: Storage): LongTask<{ outcome: CheckOutcome; map: ClusterMap }> {
  const outcome = yield* checkOutcome(storage);
  return { outcome, map: yield* clusterMap(storage) };
}

function outcomeOf(storage: Storage, report: CheckReport): CheckOutcome {
  const verdict = explain(report, readHeadToLook(storage).header);
  return { report, verdict, transcript: checkTranscript(report), exitCode: checkOutput(report).exitCode };
}
