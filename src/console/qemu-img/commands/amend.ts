import { amendImage, type AmendOptions, type Image } from '#engine';
import { amendOptionsOf, parseAmendValues } from '../amend-options.ts';
import type { CreateValues } from '../create-options.ts';
import { ImgFailure, Invocation, misused, type ImgCommand } from '../invocation.ts';
import { amendHelp, asksForHelp, judgeOptionLists } from '../option-lists.ts';
import { ProgressLine } from '../progress.ts';

export const amend: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
    short: 'ho:f:t:pq',
    long: { force: 'force' },
  });
  if (!invocation.has('o')) throw misused('Must specify options (-o)');
  const lists = invocation.values('o');
  judgeOptionLists(lists);
  const wantsHelp = asksForHelp(lists);
  const format = invocation.value('f');
  // Help for a named format needs no image.
  if (wantsHelp && format !== undefined) {
    host.writeOut(amendHelp(format));
    return 0;
  }
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw new ImgFailure('Expecting one image file name');
  const cacheMode = invocation.cacheMode('t', 'writeback', '');
  const node = await invocation.open(name, { writable: true, cacheMode, format });
  try {
    if (wantsHelp) {
      host.writeOut(amendHelp(node.driver));
      return 0;
    }
    const values = parseAmendValues(node.driver, lists);
    const { image } = node;
    if (image === null)
      throw new ImgFailure(`Images of format '${node.driver}' cannot be amended by this program yet.`);
    await run(invocation, image, { ...amendOptionsOf(values), ...encryptionOf(values) });
    return 0;
  } finally {
    node.close();
  }
};

async function run(invocation: Invocation, image: Image, options: AmendOptions): Promise<void> {
  const progress = new ProgressLine(invocation);
  try {
    for (const { done, total } of amendImage(image, options)) {
      progress.update(done, total);
      await invocation.host.pause();
    }
  } finally {
    progress.complete();
    progress.end();
  }
}

/** How the keys of an encrypted image change, where the options say so. */
function encryptionOf(values: CreateValues): Pick<AmendOptions, 'encryption'> {
  if (![...values.keys()].some((name) => name.startsWith('encrypt.'))) return {};
  return {
    // eslint-disable-next-line require-yield -- a task that only refuses
    *encryption() {
      throw new ImgFailure('Keys of encrypted images cannot be changed by this program yet. Nothing was written.');
    },
  };
}
