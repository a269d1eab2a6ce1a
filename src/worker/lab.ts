import type { Storage } from '#engine';
import {
  WORKLOADS,
  compareCosts,
  crashPointOf,
  crashStateOf,
  explore,
  exportCrash,
  measureWorkload,
  recordingOf,
  reopeningOf,
  runScenario,
  survey,
  type ScenarioRun,
} from '#lab';
import type { ImageId, LabCrashRequest, LabMethods, LabRequest, LibraryEntry } from '#protocol';
import { RpcError, type Handlers } from '#rpc';

/** What the lab needs of the rest of the worker. */
export interface LabSurroundings {
  /** A library image, copied into memory. */
  copyOfImage(id: ImageId): Promise<Storage>;
  /** Adds a file to the library; the name is made unique if it is taken. */
  keep(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<LibraryEntry>;
}

const RUNS_KEPT = 4;

/** Answers what the page asks about the crash lab. A run is deterministic, so the last ones are kept and reused. */
export function labHandlers(surroundings: LabSurroundings): Handlers<LabMethods> {
  const runs = new Map<string, Promise<ScenarioRun>>();

  function runOf({ scenario, imageId }: LabRequest): Promise<ScenarioRun> {
    const key = JSON.stringify([scenario, imageId]);
    const run = runs.get(key) ?? start(scenario, imageId);
    runs.delete(key);
    runs.set(key, run);
    run.catch(() => runs.delete(key));
    if (runs.size > RUNS_KEPT) runs.delete(runs.keys().next().value!);
    return run;
  }

  async function start(scenario: LabRequest['scenario'], imageId: ImageId | null): Promise<ScenarioRun> {
    return runScenario(scenario, imageId === null ? undefined : await surroundings.copyOfImage(imageId));
  }

  async function pointOf(request: LabCrashRequest) {
    return crashPointOf(await runOf(request), request.crashes);
  }

  return {
    async 'lab.run'(request) {
      // The library's image may have changed since the last run from it.
      if (request.imageId !== null) runs.clear();
      return recordingOf(await runOf(request));
    },
    async 'lab.crash'(request) {
      return crashStateOf(await pointOf(request));
    },
    async 'lab.reopen'(request) {
      return reopeningOf(await pointOf(request));
    },
    async 'lab.cost'({ scenario, imageId }) {
      return compareCosts(scenario, imageId === null ? undefined : await surroundings.copyOfImage(imageId));
    },
    async 'lab.workload'({ workload }, { run }) {
      const found = WORKLOADS[workload];
      if (found === undefined) throw new RpcError('invalid-argument', `There is no workload ${workload}.`);
      return run(measureWorkload(found));
    },
    async 'lab.survey'(request, { run }) {
      return run(survey(await runOf(request)));
    },
    async 'lab.explore'(request, { run }) {
      return run(explore(await runOf(request)));
    },
    async 'lab.export'(request, { transfer }) {
      const exported = exportCrash(await pointOf(request), request);
      transfer(...exported.files.map(({ bytes }) => bytes.buffer));
      return exported;
    },
    async 'lab.keep'(request) {
      const [file] = exportCrash(await pointOf(request), { repaired: false }).files;
      return surroundings.keep(request.name, file!.bytes);
    },
  };
}
