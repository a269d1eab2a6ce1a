/** The ways in which QEMU reads and writes files of the host, by their names on the command line. */
export const AIO_MODES: readonly string[] = ['threads', 'native', 'io_uring'];
