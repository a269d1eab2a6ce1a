import { parseArguments } from '../convert/arguments.ts';
import { copyContent } from '../convert/copy-content.ts';
import { openSources } from '../convert/sources.ts';
import { openTarget } from '../convert/target.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';

export const convert: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
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
  const plan = parseArguments(invocation);
  const sources = await openSources(invocation, plan.sources);
  try {
    const target = await openTarget(invocation, plan, sources);
    try {
      await copyContent(invocation, plan, sources, target);
    } finally {
      target.close();
    }
    return 0;
  } finally {
    for (const source of sources) source.close();
  }
};
