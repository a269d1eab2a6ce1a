/** What the page needs to name of the engine's vocabulary; types only, the page never contains the engine. */
export type {
  CacheMode,
  CheckCounters,
  ClusterReference,
  CreateOptions,
  EngineErrorCode,
  Finding,
  FindingKind,
  Progress,
  Purpose,
  RepairStepKind,
  RepairWrite,
  Severity,
} from '#engine';
