/** Behind each command's name, the arguments that it takes, as `--help` shows them. */
export const COMMAND_SYNTAX: Readonly<Record<string, string>> = {
  amend: '[--object objectdef] [--image-opts] [-p] [-q] [-f fmt] [-t cache] [--force] -o options filename',
  bench:
    '[-c count] [-d depth] [-f fmt] [--flush-interval=flush_interval] [-i aio] [-n] [--no-drain] [-o offset] [--pattern=pattern] [-q] [-s buffer_size] [-S step_size] [-t cache] [-w] [-U] filename',
  bitmap:
    '(--merge SOURCE | --add | --remove | --clear | --enable | --disable)... [-b source_file [-F source_fmt]] [-g granularity] [--object objectdef] [--image-opts | -f fmt] filename bitmap',
  check:
    '[--object objectdef] [--image-opts] [-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] [-T src_cache] [-U] filename',
  commit: '[--object objectdef] [--image-opts] [-q] [-f fmt] [-t cache] [-b base] [-r rate_limit] [-d] [-p] filename',
  compare:
    '[--object objectdef] [--image-opts] [-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] filename1 filename2',
  convert:
    '[--object objectdef] [--image-opts] [--target-image-opts] [--target-is-zero] [--bitmaps] [-U] [-C] [-c] [-p] [-q] [-n] [-f fmt] [-t cache] [-T src_cache] [-O output_fmt] [-B backing_file [-F backing_fmt]] [-o options] [-l snapshot_param] [-S sparse_size] [-r rate_limit] [-m num_coroutines] [-W] [--salvage] filename [filename2 [...]] output_filename',
  create: '[--object objectdef] [-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] filename [size]',
  dd: '[--image-opts] [-U] [-f fmt] [-O output_fmt] [bs=block_size] [count=blocks] [skip=blocks] if=input of=output',
  info: '[--object objectdef] [--image-opts] [-f fmt] [--output=ofmt] [--backing-chain] [-U] filename',
  map: '[--object objectdef] [--image-opts] [-f fmt] [--start-offset=offset] [--max-length=len] [--output=ofmt] [-U] filename',
  measure:
    '[--output=ofmt] [-O output_fmt] [-o options] [--size N | [--object objectdef] [--image-opts] [-f fmt] [-l snapshot_param] filename]',
  snapshot: '[--object objectdef] [--image-opts] [-U] [-q] [-l | -a snapshot | -c snapshot | -d snapshot] filename',
  rebase:
    '[--object objectdef] [--image-opts] [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] -b backing_file [-F backing_fmt] filename',
  resize:
    '[--object objectdef] [--image-opts] [-f fmt] [--preallocation=prealloc] [-q] [--shrink] filename [+ | -]size',
};

export const VERSION_TEXT = 'qemu-img version 7.2.22\n';

/** What `--help` prints, and `-h` behind any command. */
export function helpText(formats: readonly string[]): string {
  const commands = Object.entries(COMMAND_SYNTAX).map(([name, syntax]) => `  ${name} ${syntax}\n`);
  return `${VERSION_TEXT}usage: qemu-img [standard options] command [command options]
QEMU disk image utility

    '-h', '--help'       display this help and exit
    '-V', '--version'    output version information and exit

Command syntax:
${commands.join('')}
Words used above:
  fmt              an image format; without it the first bytes of the file decide
  cache            none, writeback, writethrough, directsync or unsafe: what a write waits for
  size             bytes, or with one of the suffixes k, M, G, T, P, E
  options          name=value,...; "-o help" lists the names for a format
  snapshot_param   snapshot.id=ID,snapshot.name=NAME, or either of the two values alone
  ofmt             human or json

Options of several commands:
  -p               shows how far the work is
  -q               prints nothing but errors
  -U               opens the image even while another program writes to it
  -u               takes the backing file by its name, without opening it

Supported formats: ${formats.join(' ')}
`;
}
