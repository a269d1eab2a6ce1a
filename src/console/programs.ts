import type { ConsoleHost } from './host.ts';
import { qcow2Py } from './qcow2-py/main.ts';
import { qemuImg } from './qemu-img/main.ts';
import { qemuIo } from './qemu-io/main.ts';

/** Runs with the arguments behind its name; returns the exit code. */
export type Program = (host: ConsoleHost, args: readonly string[]) => Promise<number>;

export const PROGRAMS: Readonly<Record<string, Program>> = {
  'qemu-img': qemuImg,
  'qemu-io': qemuIo,
  'qcow2.py': qcow2Py,
};
