import type { BlockNode } from '../../block/node.ts';
import { judgeFlags, judgeOption, judgeTarget, parseArguments } from '../convert/arguments.ts';
import { copyBitmaps, judgeBitmaps } from '../convert/copy-bitmaps.ts';
import { copyContent } from '../convert/copy-content.ts';
import { openSources } from '../convert/sources.ts';
import { judgeOpenTarget, openTarget } from '../convert/target.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { asksForHelp, creationHelp } from '../option-lists.ts';
import { ProgressLine } from '../progress.ts';

export const convert: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'convert',
    judge: judgeOption,
    short: 'hf:O:B:CcF:o:l:S:pt:T:qnm:WUr:',
    long: {
      'force-share': 'U',
      'target-is-zero': 'target-is-zero',
      salvage: 'salvage',
      bitmaps: 'bitmaps',
      'skip-broken-bitmaps': 'skip-broken-bitmaps',
      'target-image-opts': 'target-image-opts',
      'source-format=': 'f',
    },
  });
  const optionLists = invocation.values('o');
  judgeFlags(invocation);
  if (asksForHelp(optionLists)) {
    const target = invocation.words.length < 2 ? null : invocation.words.at(-1)!;
    host.writeOut(creationHelp(invocation.value('O') ?? 'raw', target));
    return 0;
  }
  const plan = parseArguments(invocation);
  const progress = new ProgressLine(invocation);
  progress.begin();
  const opened: BlockNode[] = [];
  try {
    const sources = await openSources(invocation, plan);
    opened.push(...sources);
    judgeTarget(invocation, plan);
    judgeBitmaps(invocation, sources);
    const target = await openTarget(invocation, plan, sources);
    opened.push(target);
    judgeOpenTarget(invocation, plan, { sources, target });
    await copyContent(invocation, plan, { sources, target, progress });
    copyBitmaps(invocation, sources[0]!, target);
    return 0;
  } finally {
    for (const node of opened.reverse()) node.close();
    progress.end();
  }
};
