// Does codec jobs in a worker of their own. The first message says that it has started.
import { runCodecJob, type CodecJob, type CodecResult } from '#engine';

/** A job in memory that both reach, or one whose output is made here: its length. */
type CodecOrder = CodecJob | (Omit<CodecJob, 'output'> & { readonly output: number });

/** `output` is null where it is in memory that both reach. */
export interface CodecAnswer {
  readonly result: CodecResult;
  readonly output: Uint8Array<ArrayBuffer> | null;
}

self.onmessage = ({ data }: MessageEvent<CodecOrder>) => {
  if (typeof data.output !== 'number')
    return answer({ result: runCodecJob({ ...data, output: data.output }), output: null });
  const output = new Uint8Array(data.output);
  answer({ result: runCodecJob({ ...data, output }), output }, [output.buffer]);
};
self.postMessage(null);

function answer(message: CodecAnswer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}
