import { resolve } from 'node:path';
import { medianOf } from './measure.ts';
import { runProgram, type Cost } from './programs.ts';
import { createRandom, shuffle } from './random.ts';

/** One operation, done by QEMU's program and by ours on the same files. */
export interface Duel {
  readonly operation: string;
  /** The largest ratios that are good enough, in words. */
  readonly target: string;
  /** The command line of QEMU's program, its name first. */
  readonly theirs: readonly string[];
  /** Takes QEMU's time from what it printed (milliseconds), where it measures itself; else its whole run counts. */
  readonly theirTime?: (stdout: string) => number;
  /** Arguments of our program of the same name, or of `program`. */
  readonly ours?: readonly string[];
  readonly program?: string;
  /** The same within this process: returns milliseconds where only a part counts. */
  readonly inProcess?: () => unknown;
  /** To be done before each run, outside its time. */
  readonly before?: () => unknown;
  readonly rounds?: number;
}

/** Medians. Times in milliseconds, memory in MiB. */
export interface DuelResult {
  readonly operation: string;
  readonly target: string;
  readonly theirs: Summary;
  readonly ours: Summary | null;
  readonly inProcess: number | null;
}

export interface Summary {
  readonly runs: number;
  readonly wall: number;
  /** How far QEMU's own runs lie apart, in parts of their median: the noise of the machine. */
  readonly spread: number;
  readonly cpu: number | null;
  readonly memory: number | null;
}

const CLI = resolve('dist/cli');
/** `BENCH_ROUNDS` in the environment makes it quicker, or more certain. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 0);
const ROUNDS_DEFAULT = 5;

/**
 * Runs all contenders in turn, round after round, so that whatever else the machine does meets all alike. Their order is dealt
 * out anew for each round: who comes after another finds what that one left, such as memory that has been freed.
 */
export async function fight({ operation, target, ...duel }: Duel): Promise<DuelResult> {
  const [program, ...args] = duel.theirs;
  const theirs: Cost[] = [];
  const ours: Cost[] = [];
  const inProcess: number[] = [];
  const contenders: (() => unknown)[] = [
    () => {
      const cost = runProgram(program!, args);
      theirs.push(duel.theirTime === undefined ? cost : { ...cost, wall: duel.theirTime(cost.stdout) });
    },
  ];
  if (duel.ours !== undefined) {
    const { ours: ourArgs } = duel;
    contenders.push(() => ours.push(runProgram(duel.program ?? `${CLI}/${program}`, ourArgs)));
  }
  if (duel.inProcess !== undefined) {
    const { inProcess: work } = duel;
    // What runs in this process is compiled while it runs: once to warm it up.
    duel.before?.();
    await work();
    contenders.push(async () => {
      const start = performance.now();
      const own = await work();
      inProcess.push(typeof own === 'number' ? own : performance.now() - start);
    });
  }
  const random = createRandom(3);
  for (let round = 0; round < (ROUNDS || (duel.rounds ?? ROUNDS_DEFAULT)); round++) {
    shuffle(contenders, random);
    for (const run of contenders) {
      duel.before?.();
      await run();
    }
  }
  return {
    operation,
    target,
    theirs: summaryOf(theirs),
    ours: ours.length === 0 ? null : summaryOf(ours),
    inProcess: inProcess.length === 0 ? null : medianOf(inProcess),
  };
}

function summaryOf(costs: readonly Cost[]): Summary {
  const walls = costs.map(({ wall }) => wall);
  const wall = medianOf(walls);
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const median = (values: readonly number[]) => (values.length === 0 ? null : medianOf(values));
  return {
    runs: costs.length,
    wall,
    spread: (Math.max(...walls) - Math.min(...walls)) / wall,
    cpu: median(known(costs.map(({ cpu }) => cpu))),
    memory: median(known(costs.map(({ memory }) => memory))),
  };
}
