import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askQemu } from './ask-qemu.ts';
import { askUs } from './ask-us.ts';
import { compare, type Difference } from './compare.ts';
import { isSound } from './exercise.ts';
import { runCase, textOfCase, type FuzzCase } from './fuzz-case.ts';
import { reasonFor } from './known-differences.ts';

/** What came of a batch of cases held against QEMU. */
export interface Judgement {
  /** How often each known difference was met. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Everything else, in words that repeat it. */
  readonly defects: readonly string[];
}

/** Exercises the engine with each case, and compares our qemu-img with the real one on it. */
export async function judge(cases: readonly FuzzCase[]): Promise<Judgement> {
  const reasons = new Map<string, number>();
  const defects: string[] = [];
  const asked = [];
  for (const one of cases) {
    try {
      const { plan } = runCase(one);
      const ours = await askUs(one.bytes, one.seed);
      asked.push({ one, plan, ours, toJudge: plan !== null && isSound(plan) ? ours.repaired : null });
    } catch (error) {
      defects.push(error instanceof Error ? error.message : String(error));
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-fuzz-'));
  try {
    const answers = await askQemu(
      folder,
      asked.map(({ one, toJudge }) => ({ bytes: one.bytes, seed: one.seed, ours: toJudge })),
    );
    asked.forEach(({ one, plan, ours }, index) => {
      const theirs = answers[index]!;
      for (const difference of compare(ours, theirs)) {
        const reason = reasonFor({ difference, bytes: one.bytes, plan, ours, theirs });
        if (reason === null) defects.push(`${textOfCase(one)}\n${textOfDifference(difference)}`);
        else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { reasons, defects };
}

const SHOWN_LINES = 4;

/** The lines around the first one that differs. */
function textOfDifference({ question, ours, theirs }: Difference): string {
  const [left, right] = [ours.split('\n'), theirs.split('\n')];
  const first = Math.max(0, left.findIndex((line, index) => line !== right[index]) - 1);
  const shown = (lines: readonly string[]) => lines.slice(first, first + SHOWN_LINES).join('\n    ');
  return `  ${question} differs. Ours:\n    ${shown(left)}\n  QEMU's:\n    ${shown(right)}`;
}
