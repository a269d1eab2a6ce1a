import type { BlockNode } from '../../block/node.ts';
import { Invocation, misused, type ImgCommand } from '../invocation.ts';

const CHUNK = 2 * 1024 * 1024;
const DIFFERENT = 1;
const OPEN_FAILED = 2;

export const compare: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, { short: 'hf:F:T:pqsU', long: { 'force-share': 'U' } });
  if (invocation.words.length !== 2) throw misused('Expecting two image file names');
  const [first, second] = invocation.words as [string, string];
  const isStrict = invocation.has('s');
  const a = await openOrFail(first, 'f');
  const b = await openOrFail(second, 'F');
  try {
    if (a.length !== b.length) {
      if (isStrict) {
        invocation.print('Strict mode: Image size mismatch!\n');
        return DIFFERENT;
      }
      invocation.print('Warning: Image size mismatch!\n');
    }
    const common = Math.min(a.length, b.length);
    const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const;
    for (let at = 0; at < common; at += CHUNK) {
      const length = Math.min(CHUNK, common - at);
      const mismatch = compareChunk(a, b, at, length, buffers);
      if (mismatch !== null) {
        invocation.print(`Content mismatch at offset ${mismatch}!\n`);
        return DIFFERENT;
      }
      await host.pause();
    }
    const longer = a.length > b.length ? a : b;
    for (let at = common; at < longer.length; at += CHUNK) {
      const part = buffers[0].subarray(0, Math.min(CHUNK, longer.length - at));
      longer.readAt(at, part);
      const nonZero = part.findIndex((byte) => byte !== 0);
      if (nonZero < 0) continue;
      invocation.print(`Content mismatch at offset ${at + nonZero - ((at + nonZero) % 512)}!\n`);
      return DIFFERENT;
    }
    invocation.print('Images are identical.\n');
    return 0;
  } finally {
    a.close();
    b.close();
  }

  async function openOrFail(name: string, formatOption: string): Promise<BlockNode> {
    const format = invocation.value(formatOption);
    try {
      return await invocation.open(name, { writable: false, format });
    } catch (error) {
      throw withExitCode(error, OPEN_FAILED);
    }
  }
};

function withExitCode(error: unknown, exitCode: number): unknown {
  return error instanceof Error ? Object.assign(error, { exitCode }) : error;
}

/** The first sector that differs, or null. */
function compareChunk(
  a: BlockNode,
  b: BlockNode,
  at: number,
  length: number,
  [bytesA, bytesB]: readonly [Uint8Array, Uint8Array],
): number | null {
  a.readAt(at, bytesA.subarray(0, length));
  b.readAt(at, bytesB.subarray(0, length));
  for (let index = 0; index < length; index++) {
    if (bytesA[index] !== bytesB[index]) return at + index - ((at + index) % 512);
  }
  return null;
}
