import { copyFileSync, readFileSync } from 'node:fs';
import { applyRepair, checkImage, checkOutput, drain, MemoryStorage, planRepair, repairOutput } from '#engine';
import type { RepairMode } from '#engine';
import { qemuImg, type Scratch } from '../../tools/qemu.ts';

/** What a person sees of a check, ours or QEMU's. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** All lines, so that a comparison sees every one. */
const WHOLE = { findingsMax: 1000, messagesMax: Infinity };

export function saidByQemu(scratch: Scratch, file: string, mode: RepairMode | null): Said & { readonly file: string } {
  const copy = scratch.path(`qemu-${mode}.qcow2`);
  copyFileSync(file, copy);
  const args = mode === null ? [] : ['-r', mode];
  const { stdout, stderr, code } = qemuImg('check', '-f', 'qcow2', ...args, copy);
  return { stdout, stderr, code, file: copy };
}

export function saidByUs(
  scratch: Scratch,
  file: string,
  mode: RepairMode | null,
): Said & { readonly file: string; readonly stepCount: number; readonly refused: string | null } {
  const storage = MemoryStorage.from(readFileSync(file));
  if (mode === null) {
    const { output, stderr, exitCode } = checkOutput(drain(checkImage(storage, WHOLE)));
    return { stdout: output, stderr, code: exitCode, file, stepCount: 0, refused: null };
  }
  const plan = drain(planRepair(storage, mode, WHOLE));
  drain(applyRepair(storage, plan));
  const { output, stderr, exitCode } = repairOutput(plan);
  const saved = scratch.save(`ours-${mode}.qcow2`, storage);
  const { refused } = plan;
  return { stdout: output, stderr, code: exitCode, file: saved, stepCount: plan.steps.length, refused };
}

/** Just what is said, for `toEqual`. */
export function words({ stdout, stderr, code }: Said): Said {
  return { stdout, stderr, code };
}
