import { decodeLabLink } from '#protocol';
import type { CacheMode } from '#engine';
import type { DiskModel, Scenario } from '#lab';

export interface ScenarioText {
  /** As in a link: `1M.4K.16.v3.lazy`. */
  readonly image?: string;
  readonly cacheMode?: CacheMode;
  readonly disk?: Partial<DiskModel>;
  /** As in a link: `w0.4K-f-x` writes 4 KiB at 0, flushes, closes. */
  readonly operations: string;
  readonly prepare?: string;
}

/** A scenario in the short notation of links. */
export function scenarioFrom({
  image = '1M.4K.16.v3.lazy',
  cacheMode = 'writeback',
  disk = {},
  operations,
  prepare = '',
}: ScenarioText): Scenario {
  const link = decodeLabLink(`v1~${image}~${cacheMode}~any.512~${operations}~${prepare}`);
  if (link === null) throw new Error(`Not a scenario: ${image} ${operations} ${prepare}`);
  return { ...link.scenario, disk: { ...link.scenario.disk, ...disk } };
}
