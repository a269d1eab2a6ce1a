// The lab's door: everything that other layers may use.
export * from './scenario.ts';
export * from './recording.ts';
export * from './cost.ts';
export * from './crash-state.ts';
export * from './reopening.ts';
export * from './exploration.ts';

export { runScenario, type ScenarioRun } from './run/run-scenario.ts';
export { compareCosts, recordingOf } from './run/record.ts';
export { WORKLOADS, measureWorkload, type Workload } from './run/workloads.ts';
export { crashPointOf, type CrashPoint } from './crash/crash-point.ts';
export { crashStateOf } from './crash/crash-state-of.ts';
export { reopeningOf } from './crash/reopening-of.ts';
export { exportCrash, type ExportedCrash } from './crash/export-crash.ts';
export { explore, type ExploreOptions } from './explore/explore.ts';
export { survey } from './explore/survey.ts';
