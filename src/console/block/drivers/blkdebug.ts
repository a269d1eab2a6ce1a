import { EngineError } from '#engine';
import type { JsonObject } from '../../options/json-text.ts';
import { takeOption, type Options } from '../../options/options.ts';
import type { BlockDriver } from '../driver.ts';
import { LimitedNode } from '../limited-node.ts';
import { takeLimits } from '../limits.ts';
import { nameOf } from '../node-name.ts';

const PREFIX = 'blkdebug';

/** A file that is used as if it had limits: `blkdebug:CONFIG:IMAGE`, or options. */
export const BLKDEBUG: BlockDriver = {
  name: 'blkdebug',
  kind: 'protocol',
  prefix: PREFIX,
  strongOptions: [
    'config',
    'inject-error.',
    'set-state.',
    'align',
    'max-transfer',
    'opt-write-zero',
    'max-write-zero',
    'opt-discard',
    'max-discard',
  ],
  parseFilename,
  exactName(node, options) {
    const { exact } = nameOf(node.file!);
    const isPlain = Object.keys(options).every(
      (option) => ['config', 'image', 'driver'].includes(option) || option.startsWith('x-image'),
    );
    return isPlain && exact !== null ? `${PREFIX}:${configOf(options)}:${exact}` : null;
  },
  async open(context) {
    const { options } = context;
    takeOption(options, 'config');
    const filename = takeOption(options, 'x-image') ?? null;
    const image = await context.openChild('image', { role: 'filtered', filename });
    if (image === null) throw new EngineError('invalid-argument', 'A block device must be specified for "image"');
    return new LimitedNode(context.origin, image, { childName: 'image', limits: takeLimits(options) });
  },
};

function configOf({ config }: JsonObject): string {
  return typeof config === 'string' ? config : '';
}

function parseFilename(filename: string, options: Options): void {
  if (!filename.startsWith(`${PREFIX}:`)) {
    options.set('x-image', filename);
    return;
  }
  const rest = filename.slice(PREFIX.length + 1);
  const colon = rest.indexOf(':');
  if (colon < 0) {
    throw new EngineError('invalid-argument', 'blkdebug requires both config file and image path');
  }
  if (colon > 0) options.set('config', rest.slice(0, colon));
  options.set('x-image', rest.slice(colon + 1));
}
