import { EngineError } from '#engine';
import type { ConsoleHost } from '../../host.ts';
import type { JsonObject } from '../../options/json-text.ts';
import { takeOption, type Options } from '../../options/options.ts';
import { strerror } from '../../text/strerror.ts';
import { BlkdebugNode } from '../blkdebug/blkdebug-node.ts';
import { parseRules } from '../blkdebug/config.ts';
import { BlkdebugRules } from '../blkdebug/rules.ts';
import type { BlockDriver } from '../driver.ts';
import { takeLimits } from '../limits.ts';
import { nameOf } from '../node-name.ts';

const PREFIX = 'blkdebug';

/** Lets accesses fail or wait at chosen events, or have limits: `blkdebug:CONFIG:IMAGE`, or options. */
export const BLKDEBUG: BlockDriver = {
  name: 'blkdebug',
  kind: 'protocol',
  prefixes: [PREFIX],
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
    const { options, host } = context;
    const config = takeOption(options, 'config');
    const rules = new BlkdebugRules(parseRules(config === undefined ? null : await readConfig(host, config), options));
    const filename = takeOption(options, 'x-image') ?? null;
    const image = await context.openChild('image', { role: 'filtered', filename });
    if (image === null) throw new EngineError('invalid-argument', 'A block device must be specified for "image"');
    return new BlkdebugNode(context.origin, image, { limits: takeLimits(options), rules });
  },
};

async function readConfig(host: ConsoleHost, name: string): Promise<string> {
  const bytes = await host.files.readBytes(name).catch((error: unknown) => {
    throw new EngineError('not-found', `Could not read blkdebug config file: ${strerror(error)}`, { cause: error });
  });
  return new TextDecoder().decode(bytes);
}

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
