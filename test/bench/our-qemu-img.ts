import { qemuImg } from '#console';
import { TerminalHost } from '../../src/node/cli/host.ts';

/** Our `qemu-img` in this process, without a pool of codecs; what it prints is dropped. @throws Error when it fails */
export async function ourQemuImg(...args: string[]): Promise<void> {
  const host = new SilentHost();
  const code = await qemuImg(host, args);
  if (code !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${host.complaints.join('')}`);
}

class SilentHost extends TerminalHost {
  readonly complaints: string[] = [];

  override writeOut(): void {
    // Nobody reads it.
  }

  override writeErr(text: string): void {
    this.complaints.push(text);
  }
}
