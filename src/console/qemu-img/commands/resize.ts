import { StepFailure, type Preallocation } from '#engine';
import { parsePreallocation } from '../../options/preallocation.ts';
import { sizeOfParameter } from '../create-options.ts';
import { ImgFailure, misused } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { stepFailureText } from '../step-failure.ts';

/** What QEMU takes for the length of any disk at most: whole gigabytes of a signed number of 64 bits. */
const LENGTH_MAX = 2n ** 63n - 2n ** 30n;

export const resize: ImgCommand = async (host, args) => {
  if (args.length < 2) throw misused('Not enough arguments');
  // The size is the last argument whatever it looks like: -1M is no option.
  const text = args.at(-1)!;
  const invocation = await Invocation.of(host, args.slice(0, -1), {
    name: 'resize',
    judge: ({ name, value }) => {
      if (name === 'preallocation') preallocationOf(value);
    },
    short: 'f:hq',
    long: { 'preallocation=': 'preallocation', shrink: 'shrink' },
  });
  const preallocation = preallocationOf(invocation.value('preallocation') ?? 'off');
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting image file name and size');
  const sign = text.startsWith('+') ? 1 : text.startsWith('-') ? -1 : 0;
  const amount = sizeOfParameter('size', sign === 0 ? text : text.slice(1));
  const node = await invocation.open(name, { writable: true, format: invocation.value('f') });
  try {
    const exact = BigInt.asIntN(64, sign === 0 ? amount : BigInt(node.length) + BigInt(sign) * amount);
    if (exact <= 0n) throw new ImgFailure('New image size must be positive');
    const size = Number(exact);
    if (preallocation !== 'off' && size <= node.length) {
      throw new ImgFailure('Preallocation can only be used for growing images');
    }
    if (size < node.length && !invocation.has('shrink')) {
      throw new ImgFailure('Use the --shrink option to perform a shrink operation.', {
        hints: [
          "qemu-img: warning: Shrinking an image will delete all data beyond the shrunken image's end. Before performing such an operation, make sure there is no important data there.",
        ],
      });
    }
    if (exact > LENGTH_MAX) throw new ImgFailure(`offset(${exact}) exceeds maximum(${LENGTH_MAX})`);
    try {
      node.truncate(size, preallocation);
    } catch (error) {
      if (error instanceof StepFailure) throw new ImgFailure(stepFailureText(invocation, error));
      throw error;
    }
    invocation.print('Image resized.\n');
    return 0;
  } finally {
    node.close();
  }
};

function preallocationOf(text: string): Preallocation {
  const mode = parsePreallocation(text);
  if (mode === null) throw new ImgFailure(`Invalid preallocation mode '${text}'`);
  return mode;
}
