// What Linux can do with holes in files and Node has no call for: `lseek` to data and holes, `fallocate`. Perl, which
// nearly every system has, makes the calls on an open file that it inherits. Where it cannot, there is no failure: nobody
// knows of holes, and none are made.
import type { SpawnSyncOptions } from 'node:child_process';
import type { ByteRange } from './byte-ranges.ts';

/** Runs of data that are listed at most; so much memory, and what lies behind them counts as data. */
const RUNS_MAX = 2 ** 20;

/** 3 and 4 are SEEK_DATA and SEEK_HOLE. Error 6 (ENXIO) says that no data follows. */
const LIST_DATA = `
for (my ($count, $at) = (0, 0); $count < ${RUNS_MAX}; $count++) {
  my $data = sysseek(STDIN, $at, 3);
  defined $data or exit($! != 6);
  $at = sysseek(STDIN, $data, 4);
  defined $at or exit 1;
  print pack("d2", $data, $at);
}`;

/** Arguments: the number of the call, its mode. Standard input: ranges, as offset and length. */
const FALLOCATE = `
my ($call, $mode) = map { $_ + 0 } @ARGV;
while (read(STDIN, my $range, 16)) {
  my ($at, $length) = unpack("d2", $range);
  syscall($call, 3, $mode, $at, $length) == 0 or exit 1;
}`;

/** The number of `fallocate`, on processors on which it takes 64-bit numbers in one register. */
const FALLOCATE_NUMBERS: Partial<Record<NodeJS.Architecture, number>> = {
  arm64: 47,
  loong64: 47,
  ppc64: 309,
  riscv64: 47,
  s390x: 314,
  x64: 285,
};

/** FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE. */
const PUNCH_HOLE = 1 | 2;
const RESERVE = 0;

/** Start and end of each run of data in an open file, in order; null where that cannot be found out. */
export function listData(file: number): Float64Array | null {
  const output = runPerl(LIST_DATA, [], { stdio: [file, 'pipe', 'ignore'], maxBuffer: RUNS_MAX * 16 });
  if (output === null) return null;
  const runs = new Float64Array(output.length / 8);
  new Uint8Array(runs.buffer).set(output);
  if (runs.length === RUNS_MAX * 2) runs[runs.length - 1] = Infinity;
  return runs;
}

/** Gives the space of ranges back; they read as zeros then. False where the file system cannot, or not all of it. */
export function punchHoles(file: number, ranges: readonly ByteRange[]): boolean {
  return fallocate(file, PUNCH_HOLE, ranges);
}

/** Takes space for a range, and lengthens the file to its end. What was no data reads as zeros. False where that fails. */
export function reserveSpace(file: number, range: ByteRange): boolean {
  return fallocate(file, RESERVE, [range]);
}

function fallocate(file: number, mode: number, ranges: readonly ByteRange[]): boolean {
  const call = FALLOCATE_NUMBERS[process.arch];
  if (call === undefined) return false;
  const input = new Float64Array(ranges.flatMap(({ start, end }) => [start, end - start]));
  return (
    runPerl(FALLOCATE, [String(call), String(mode)], { input, stdio: ['pipe', 'ignore', 'ignore', file] }) !== null
  );
}

/** What a script prints; null where it could not be run, or failed. */
function runPerl(script: string, args: readonly string[], options: SpawnSyncOptions): Uint8Array | null {
  if (process.platform !== 'linux') return null;
  // Most runs of the programs need it not.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  // Nothing of the user's settings for Perl.
  const env = { PATH: process.env['PATH'] };
  const { status, stdout } = spawnSync('perl', ['-e', script, ...args], { ...options, env });
  if (status !== 0) return null;
  return stdout instanceof Uint8Array ? stdout : new Uint8Array();
}
