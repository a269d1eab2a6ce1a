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
import type { BlockNode } from '../../block/node.ts';
import { LuksNode } from '../../block/luks-node.ts';
import { amendOptionsOf, parseAmendValues } from '../amend-options.ts';
import type { CreateValues } from '../create-options.ts';
import { planKeyAmendment, slotFailure } from '../key-amendment.ts';
import { ImgFailure, misused } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { amendHelp, asksForHelp, judgeOptionList } from '../option-lists.ts';
import { ProgressLine } from '../progress.ts';
import { stepFailureText } from '../step-failure.ts';

export const amend: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'amend',
    judge: ({ name, value }) => {
      if (name === 'o') judgeOptionList(value);
    },
    short: 'ho:f:t:pq',
    long: { force: 'force' },
  });
  if (!invocation.has('o')) throw misused('Must specify options (-o)');
  const progress = new ProgressLine(invocation);
  try {
    await helpOrAmend(invocation, progress);
    return 0;
  } finally {
    progress.end();
  }
};

async function helpOrAmend(invocation: Invocation, progress: ProgressLine): Promise<void> {
  const { host } = invocation;
  const lists = invocation.values('o');
  const wantsHelp = asksForHelp(lists);
  const format = invocation.value('f');
  // Help for a named format needs no image.
  if (wantsHelp && format !== undefined) {
    host.writeOut(amendHelp(format));
    return;
  }
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw new ImgFailure('Expecting one image file name');
  const cacheMode = invocation.cacheMode('t', 'writeback', '');
  const node = await invocation.open(name, { writable: true, cacheMode, format });
  try {
    if (wantsHelp) {
      host.writeOut(amendHelp(node.driver));
      return;
    }
    const values = parseAmendValues(node.driver, lists);
    progress.begin();
    try {
      await amendNode(invocation, node, { values, progress });
    } finally {
      progress.complete();
    }
  } finally {
    node.close();
  }
}

interface Amendment {
  readonly values: CreateValues;
  readonly progress: ProgressLine;
}

async function amendNode(invocation: Invocation, node: BlockNode, { values, progress }: Amendment): Promise<void> {
  const { image } = node;
  if (node instanceof LuksNode) return amendLuks(invocation, node, values);
  if (image === null) throw new ImgFailure(`Images of format '${node.driver}' cannot be amended by this program yet.`);
  const options = { ...amendOptionsOf(values), ...(await encryptionOf(invocation, image, values)) };
  try {
    for (const { done, total } of amendImage(image, options)) {
      progress.update(done, total);
      await invocation.host.pause();
    }
  } catch (error) {
    if (error instanceof StepFailure) throw new ImgFailure(stepFailureText(invocation, error));
    throw error;
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
