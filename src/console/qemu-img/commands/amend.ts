import {
  amendImage,
  applySlotSteps,
  isEngineError,
  luksReader,
  StepFailure,
  type AmendOptions,
  type Image,
  type LongTask,
  type LuksReader,
  type SlotStep,
} from '#engine';
import { LuksNode } from '../../block/luks-node.ts';
import { amendOptionsOf, parseAmendValues } from '../amend-options.ts';
import type { CreateValues } from '../create-options.ts';
import { planKeyAmendment, slotFailure } from '../key-amendment.ts';
import { ImgFailure, Invocation, misused, type ImgCommand } from '../invocation.ts';
import { amendHelp, asksForHelp, judgeOptionLists } from '../option-lists.ts';
import { ProgressLine } from '../progress.ts';
import { stepFailureText } from '../step-failure.ts';

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
    if (node instanceof LuksNode) {
      await amendLuks(invocation, node, values);
      return 0;
    }
    if (image === null)
      throw new ImgFailure(`Images of format '${node.driver}' cannot be amended by this program yet.`);
    await run(invocation, image, { ...amendOptionsOf(values), ...(await encryptionOf(invocation, image, values)) });
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
  } catch (error) {
    if (error instanceof StepFailure) throw new ImgFailure(stepFailureText(invocation, error));
    throw error;
  } finally {
    progress.complete();
    progress.end();
  }
}

/** How the keys of an encrypted image change, where the options say so. */
async function encryptionOf(
  invocation: Invocation,
  image: Image,
  values: CreateValues,
): Promise<Pick<AmendOptions, 'encryption'>> {
  if (![...values.keys()].some((name) => name.startsWith('encrypt.'))) return {};
  const luks = image.cipher?.luks ?? null;
  // What cannot be amended for want of LUKS, the amendment itself refuses.
  if (luks === null) return { encryption: (target) => applySlotSteps(target, []) };
  const read = luksReader(image.storage, image.head);
  const steps = await planKeyAmendment(invocation, luks, read, { values, prefix: 'encrypt.' });
  return { encryption: (target) => applyTelling(target, steps) };
}

/** Applies the steps; of one that cannot be written it is told which key slot it was for. */
function* applyTelling(target: Image, steps: readonly SlotStep[]): LongTask<void> {
  let done = 0;
  try {
    for (const progress of applySlotSteps(target, steps)) {
      done = progress.done;
      yield progress;
    }
  } catch (error) {
    if (isEngineError(error, 'invalid-image')) throw error;
    throw slotFailure('Could not read encryption header', steps[done]!, error);
  }
}

/** The same for a LUKS volume in a file of its own. */
async function amendLuks(invocation: Invocation, node: LuksNode, values: CreateValues): Promise<void> {
  const { volume, masterKey } = node.luks;
  const { storage } = node;
  const read: LuksReader = (at, into) => storage.read(at, into);
  // Opened to be written, it was unlocked.
  const steps = await planKeyAmendment(invocation, { volume, masterKey: masterKey! }, read, { values, prefix: '' });
  for (const step of steps) {
    try {
      storage.write(step.at, step.bytes, 'header-other');
      storage.flush('flush-ordering');
    } catch (error) {
      throw slotFailure('Could not write encryption header', step, error);
    }
  }
}
