// Does codec jobs in a thread of their own.
import { parentPort } from 'node:worker_threads';
import { runCodecJob, type CodecJob } from '#engine';

parentPort!.on('message', (job: CodecJob) => parentPort!.postMessage(runCodecJob(job)));
