import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeHeader } from '#engine';
import { answersOfQemu, askQemu, prepareForQemu, type QemuRequest } from './ask-qemu.ts';
import { askUs } from './ask-us.ts';
import { compare, type Difference } from './compare.ts';
import { runCase, textOfCase, type FuzzCase } from './fuzz-case.ts';
import { reasonFor } from './known-differences.ts';
import type { Answers } from './questions.ts';
import { outlineOf, type RepairOutline } from './repair-outline.ts';

/** What came of a batch of cases held against QEMU. */
export interface Judgement {
  /** How often each known difference was met. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Everything else, in words that repeat it. */
  readonly defects: readonly string[];
}

/** What is kept of a case until QEMU has answered: not the image, as those of a batch would fill a memory. */
interface Asked {
  readonly text: string;
  readonly request: QemuRequest;
  readonly repair: RepairOutline | null;
  /** Without the copies of files, which are beside those of the request. */
  readonly ours: Answers;
}

/** Exercises the engine with each case, and compares our qemu-img with the real one on it. */
export async function judge(cases: Iterable<FuzzCase>): Promise<Judgement> {
  const reasons = new Map<string, number>();
  const defects: string[] = [];
  const asked: Asked[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-fuzz-'));
  try {
    for (const one of cases) {
      try {
        asked.push(await ask(one, `${folder}/${asked.length}`));
      } catch (error) {
        defects.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (asked.length > 0) await askQemu(folder);
    for (const { text, request, repair, ours } of asked) {
      const theirs = answersOfQemu(request);
      for (const difference of compare({ ...ours, disk: ourDisk(request, ours) }, theirs)) {
        const reason = reasonFor({ difference, header: request.header, repair, ours, theirs });
        if (reason === null) defects.push(`${text}\n${textOfDifference(difference)}`);
        else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { reasons, defects };
}

async function ask(one: FuzzCase, folder: string): Promise<Asked> {
  const { seed, bytes } = one;
  const { plan } = runCase(one);
  const ours = await askUs(bytes, seed);
  const request = { header: decodeHeader(bytes), seed, folder, wasRepaired: ours.ourRepair !== null };
  prepareForQemu(request, bytes, ours);
  if (ours.disk !== null) writeFileSync(`${folder}/ours.raw`, ours.disk);
  const repair = plan === null ? null : outlineOf(plan);
  return { text: textOfCase(one), request, repair, ours: { ...ours, disk: null, repaired: null } };
}

function ourDisk({ folder }: QemuRequest, { said }: Answers): Uint8Array | null {
  try {
    return said.convert?.code === 0 ? readFileSync(`${folder}/ours.raw`) : null;
  } catch {
    return null;
  }
}

const SHOWN_LINES = 4;

/** The lines around the first one that differs. */
function textOfDifference({ question, ours, theirs }: Difference): string {
  const [left, right] = [ours.split('\n'), theirs.split('\n')];
  const first = Math.max(0, left.findIndex((line, index) => line !== right[index]) - 1);
  const shown = (lines: readonly string[]) => lines.slice(first, first + SHOWN_LINES).join('\n    ');
  return `  ${question} differs. Ours:\n    ${shown(left)}\n  QEMU's:\n    ${shown(right)}`;
}
