import type { ConsoleHost } from '#console';
import { codecPool } from './codec-pool.ts';
import { TerminalHost } from './host.ts';
import { connectSocket } from './socket.ts';

/** Runs a program with the arguments of this process, and ends with its exit code. */
export async function run(program: (host: ConsoleHost, args: readonly string[]) => Promise<number>): Promise<void> {
  const folder = import.meta.dirname;
  const codecs = codecPool(`${folder}/codec-worker.cjs`);
  const host = new TerminalHost({
    ...(codecs !== undefined && { codecs }),
    connect: (address, timing) => connectSocket(`${folder}/socket-thread.cjs`, address, timing),
  });
  const code = await program(host, process.argv.slice(2));
  host.flushOut();
  // Leaves at once: an open standard input would keep the process alive.
  process.exit(code);
}
