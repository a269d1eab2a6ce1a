/** The ways in which QEMU reads and writes files of the host, by their names on the command line. */
export const AIO_MODES: readonly string[] = ['threads', 'native', 'io_uring'];

/** Of several modes that are asked for: threads are only what is there without the others. */
export function strongestAioMode(given: readonly string[]): string {
  return ['native', 'io_uring'].find((mode) => given.includes(mode)) ?? 'threads';
}
