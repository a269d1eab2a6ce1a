import { runCodecJob, transferMemory, type CodecJob, type CodecResult } from '#engine';
import type { CodecPool } from '../host.ts';

/** Nobody else: jobs are done as they come. */
export const OWN_CODECS: CodecPool = {
  workerCount: 0,
  jobsMax: 0,
  allocate: transferMemory,
  run: (job: CodecJob): Promise<CodecResult> => Promise.resolve(runCodecJob(job)),
  help: () => false,
};
