import { qemuImg, type CodecPool } from '#console';
import { TerminalHost } from '../../src/node/cli/host.ts';
import type { Ran } from './qemu.ts';

/** Runs our `qemu-img` in this process, on the files of the operating system. */
export function ourQemuImg(...args: string[]): Promise<Ran> {
  return ourQemuImgWith({}, ...args);
}

/** The same with a pool of codecs beside it. */
export async function ourQemuImgWith(options: { codecs?: CodecPool }, ...args: string[]): Promise<Ran> {
  const host = new KeepingHost(options);
  const code = await qemuImg(host, args);
  return { code, stdout: host.stdout.join(''), stderr: host.stderr.join('') };
}

/** A terminal that keeps what is written to it. */
class KeepingHost extends TerminalHost {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];

  override writeOut(text: string): void {
    this.stdout.push(text);
  }

  override writeErr(text: string): void {
    this.stderr.push(text);
  }

  override flushOut(): void {
    // Nothing is held back.
  }
}
