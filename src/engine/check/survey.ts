import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { CheckAborted, CheckLog } from './check-log.ts';
import { checkSnapshotTable } from './check-snapshot-table.ts';
import { countReferences } from './count-references.ts';
import type { ReferenceMap } from './reference-map.ts';
import { newPass } from './run-check.ts';
import { readSubject, type SnapshotList, type Subject } from './subject.ts';

/** The image with its references counted, for those who describe it; what cannot be read is left out. */
export interface Survey {
  readonly subject: Subject;
  readonly snapshots: SnapshotList;
  readonly map: ReferenceMap;
  /** Clusters that two parts of the image claim for themselves. */
  readonly crossLinked: ReadonlySet<number>;
}

export function* surveyImage(storage: Storage): LongTask<Survey> {
  const subject = readSubject(storage);
  const log = new CheckLog({ findingsMax: 0, messagesMax: 0, onMended: () => undefined });
  const pass = newPass(subject, log, null);
  let snapshots: SnapshotList = { offset: 0, size: 0, entries: [] };
  try {
    snapshots = checkSnapshotTable(subject, log, null);
    yield* countReferences(pass, snapshots);
  } catch (error) {
    if (!(error instanceof CheckAborted)) throw error;
  }
  return { subject, snapshots, map: pass.map, crossLinked: pass.crossLinked };
}
