import type { BlockNode } from '../../block/node.ts';
import type { Options } from '../../options/options.ts';
import { parseCreateValues } from '../create-options.ts';
import { failureWithin, ImgFailure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { setBacking } from '../commands/create.ts';
import { writeNewFile } from '../new-file.ts';
import type { ConvertPlan } from './arguments.ts';
import { judgeTargetOfBitmaps } from './copy-bitmaps.ts';
import { lengthOf } from './sources.ts';

/** Creates the target, unless `-n` says that it is there, and opens it. @throws ImgFailure with QEMU's text */
export async function openTarget(
  invocation: Invocation,
  plan: ConvertPlan,
  sources: readonly BlockNode[],
): Promise<BlockNode> {
  const total = lengthOf(sources);
  const cacheMode = invocation.cacheMode('t', 'unsafe', '');
  const { format, target } = plan;
  if (format === null) return invocation.openOptions(target, { writable: true, cacheMode, format: undefined });
  const isJustMade = !invocation.has('n');
  if (isJustMade) await createTarget(invocation, { ...plan, format }, total);
  const options = secretsOf(invocation, format);
  return invocation.openNamed(target, { writable: true, cacheMode, format, isJustMade, options });
}

/** Whether the open target can take what the sources hold. @throws ImgFailure with QEMU's text */
export function judgeOpenTarget(
  invocation: Invocation,
  { isCompressed }: ConvertPlan,
  { sources, target }: { readonly sources: readonly BlockNode[]; readonly target: BlockNode },
): void {
  judgeTargetOfBitmaps(invocation, target);
  if (isCompressed && target.image === null) throw new ImgFailure('Compression not supported for this file format');
  if (target.length < lengthOf(sources)) throw new ImgFailure('output file is smaller than input file');
}

/** The secrets that the target is created with open it too. */
function secretsOf(invocation: Invocation, format: string): Options {
  if (invocation.has('n')) return new Map();
  const values = parseCreateValues(format, invocation.values('o'));
  return new Map([...values].filter(([name]) => name === 'key-secret' || name.endsWith('.key-secret')));
}

async function createTarget(
  invocation: Invocation,
  plan: ConvertPlan & { readonly format: string },
  size: number,
): Promise<void> {
  const values = parseCreateValues(plan.format, invocation.values('o'));
  values.set('size', String(BigInt(size)));
  setBacking(values, plan.format, { file: plan.backing, format: invocation.value('F') });
  try {
    await writeNewFile(invocation, plan.target, plan.format, values);
  } catch (error) {
    throw failureWithin(error, `${plan.target}: error while converting ${plan.format}`);
  }
}
