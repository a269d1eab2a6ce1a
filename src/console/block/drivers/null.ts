import { EngineError } from '#engine';
import { takeOption } from '../../options/options.ts';
import { takeNumber, takeSize, takeSwitch } from '../../options/take-values.ts';
import type { BlockDriver } from '../driver.ts';
import { NullNode } from '../null-node.ts';

const SIZE_DEFAULT = 1024 * 1024 * 1024;

/** A disk that keeps nothing. */
export const NULL_CO = nullDriver('null-co');
export const NULL_AIO = nullDriver('null-aio');

function nullDriver(name: string): BlockDriver {
  return {
    name,
    kind: 'protocol',
    prefixes: [name],
    strongOptions: ['size', 'read-zeroes'],
    parseFilename(filename) {
      if (filename === `${name}://`) return;
      throw new EngineError('invalid-argument', `The only allowed filename for this driver is '${name}://'`);
    },
    exactName: (_, options) =>
      Object.keys(options).every((option) => ['driver', 'filename', 'latency-ns'].includes(option))
        ? `${name}://`
        : null,
    open({ options, origin, flags }) {
      takeOption(options, 'filename');
      if ((takeNumber(options, 'latency-ns') ?? 0) < 0)
        throw new EngineError('invalid-argument', 'latency-ns is invalid');
      const length = takeSize(options, 'size') ?? SIZE_DEFAULT;
      const readsZeroes = takeSwitch(options, 'read-zeroes') ?? false;
      return Promise.resolve(new NullNode(origin, { length, readsZeroes, isReadOnly: !flags.writable }));
    },
  };
}
