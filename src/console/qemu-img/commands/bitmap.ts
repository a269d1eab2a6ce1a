import {
  addBitmap,
  clearBitmap,
  EngineError,
  judgeNewBitmap,
  mergeBitmap,
  removeBitmap,
  setBitmapEnabled,
  type Image,
} from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { attemptWithin, ImgFailure } from '../failure.ts';
import { Invocation, sizeOf, type GivenOption, type ImgCommand } from '../invocation.ts';

const ACTIONS = ['add', 'remove', 'clear', 'enable', 'disable', 'merge'];

export const bitmap: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'bitmap',
    judge: ({ name, value }) => {
      if (name === 'g') sizeOf('granularity', value);
    },
    short: 'b:f:F:g:h',
    long: {
      add: 'add',
      remove: 'remove',
      clear: 'clear',
      enable: 'enable',
      disable: 'disable',
      'merge=': 'merge',
      'granularity=': 'g',
      'source-file=': 'b',
      'source-format=': 'F',
    },
  });
  const granularity = sizeOf('granularity', invocation.value('g') ?? '0');
  const actions = invocation.given.filter(({ name }) => ACTIONS.includes(name));
  const [filename, name] = judgeArguments(invocation, { actions, granularity });
  const opened: BlockNode[] = [];
  try {
    const node = await invocation.open(filename, {
      writable: true,
      format: invocation.value('f'),
      withoutBacking: true,
    });
    opened.push(node);
    const sourceName = invocation.value('b');
    if (sourceName !== undefined) {
      const format = invocation.value('F');
      opened.push(await invocation.openNamed(sourceName, { writable: false, format, withoutBacking: true }));
    }
    const subject = { node, source: opened.at(-1)!, name, granularity };
    for (const action of actions) {
      attemptWithin(`Operation ${action.name} on bitmap ${name} failed`, () => perform(action, subject));
    }
    return 0;
  } finally {
    // What was done before a failure stays done: the close stores it.
    for (const node of opened.reverse()) node.close();
  }
};

interface Arguments {
  readonly actions: readonly GivenOption[];
  readonly granularity: number;
}

/** @returns the names of file and bitmap. @throws ImgFailure with QEMU's text */
function judgeArguments(invocation: Invocation, { actions, granularity }: Arguments): readonly [string, string] {
  if (actions.length === 0) {
    throw new ImgFailure('Need at least one of --add, --remove, --clear, --enable, --disable, or --merge');
  }
  if (granularity !== 0 && !invocation.has('add')) throw new ImgFailure('granularity only supported with --add');
  if (invocation.has('F') && !invocation.has('b')) throw new ImgFailure('-F only supported with -b');
  if (invocation.has('b') && !invocation.has('merge')) {
    throw new ImgFailure('Merge bitmap source file only supported with --merge');
  }
  const [filename, name] = invocation.words;
  if (filename === undefined || name === undefined || invocation.words.length !== 2) {
    throw new ImgFailure('Expecting filename and bitmap name');
  }
  return [filename, name];
}

interface Subject {
  readonly node: BlockNode;
  /** Where `--merge` finds its bitmap. */
  readonly source: BlockNode;
  readonly name: string;
  /** 0: the default. */
  readonly granularity: number;
}

function perform(action: GivenOption, { node, source, name, granularity }: Subject): void {
  if (action.name === 'add') return add({ node, name, granularity });
  const image = imageOf(node, name);
  switch (action.name) {
    case 'remove':
      return removeBitmap(image, name);
    case 'clear':
      return clearBitmap(image, name);
    case 'enable':
      return setBitmapEnabled(image, name, true);
    case 'disable':
      return setBitmapEnabled(image, name, false);
    default:
      if (image.bitmaps.find(name) === null) throw notFound(name);
      return mergeBitmap(image, name, { image: imageOf(source, action.value), name: action.value });
  }
}

function add({ node, name, granularity }: Pick<Subject, 'node' | 'name' | 'granularity'>): void {
  // QEMU keeps the lower 32 bits of what was given.
  const bytes = granularity === 0 ? undefined : granularity % 2 ** 32;
  if (node.image === null) {
    judgeNewBitmap(name, bytes);
    throw new EngineError('unsupported', `Can't store persistent bitmaps to ${node.filename}: Operation not supported`);
  }
  addBitmap(node.image, { name, isEnabled: true, ...(bytes !== undefined && { granularity: bytes }) }, node.filename);
}

/** Only qcow2 keeps bitmaps: in other formats none is found. */
function imageOf({ image }: BlockNode, name: string): Image {
  if (image === null) throw notFound(name);
  return image;
}

function notFound(name: string): EngineError {
  return new EngineError('not-found', `Dirty bitmap '${name}' not found`);
}
