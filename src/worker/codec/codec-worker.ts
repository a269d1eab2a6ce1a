// Does codec jobs in a worker of their own. The first message says that it has started.
import { runCodecJob, type CodecJob, type CodecResult } from '#engine';

/** A job whose output is made here: its length. */
type CodecOrder = Omit<CodecJob, 'output'> & { readonly output: number };

export interface CodecAnswer {
  readonly result: CodecResult;
  readonly output: Uint8Array<ArrayBuffer>;
}

self.onmessage = ({ data }: MessageEvent<CodecOrder>) => {
  const output = new Uint8Array(data.output);
  const result = runCodecJob({ ...data, output });
  const answer: CodecAnswer = { result, output };
  self.postMessage(answer, { transfer: [output.buffer] });
};
self.postMessage(null);
