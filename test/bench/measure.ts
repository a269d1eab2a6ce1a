/** What is compared: a name, and the work; it returns a size where that is part of the comparison. */
export type Contenders = Readonly<Record<string, () => number | undefined>>;

export interface Measurement {
  readonly name: string;
  /** Median time of a run, in milliseconds. */
  readonly median: number;
  readonly size: number | undefined;
}

const WARM_UP_ROUNDS = 3;

/**
 * Times the contenders in turn, round after round, so that whatever else the machine does meets all alike, and returns
 * medians.
 */
export function measure(contenders: Contenders, rounds = 15): Measurement[] {
  const runs = Object.entries(contenders).map(([name, work]) => ({ name, work, times: [] as number[], size: work() }));
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const { work, times } of runs) {
      const start = performance.now();
      work();
      if (round >= WARM_UP_ROUNDS) times.push(performance.now() - start);
    }
  }
  return runs.map(({ name, times, size }) => ({ name, median: medianOf(times), size }));
}

/** Prints speeds for so many bytes a run, and each one's ratios to the first contender's time and size: above 1 is worse. */
export function report(title: string, byteLength: number, measurements: readonly Measurement[]): void {
  console.log(`\n${title}`);
  const first = measurements[0]!;
  for (const { name, median, size } of measurements) {
    const speed = `${(byteLength / 1000 / median).toFixed(0).padStart(6)} MB/s`;
    const time = `time ${(median / first.median).toFixed(2)}`;
    const share = `size ${(size! / first.size!).toFixed(3)} (${((100 * size!) / byteLength).toFixed(1)} % of the input)`;
    console.log(`  ${name.padEnd(24)} ${speed}  ${time}${size === undefined ? '' : `  ${share}`}`);
  }
}

export function medianOf(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
