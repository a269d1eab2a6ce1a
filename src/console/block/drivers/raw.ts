import { EngineError } from '#engine';
import type { ConsoleHost } from '../../host.ts';
import { takeSize } from '../../options/take-values.ts';
import type { BlockDriver } from '../driver.ts';
import { GuessedRawNode } from '../guessed-raw-node.ts';
import { RawNode } from '../raw-node.ts';

const SECTOR = 512;

/** The bytes of a file, or a part of them, as a disk. */
export const RAW: BlockDriver = {
  name: 'raw',
  kind: 'format',
  strongOptions: ['offset', 'size'],
  takeChangeable(options) {
    takeSize(options, 'offset');
    takeSize(options, 'size');
  },
  async open(context) {
    const offset = takeSize(context.options, 'offset') ?? 0;
    const size = takeSize(context.options, 'size') ?? null;
    const file = await context.openFile();
    const available = file.length;
    if (offset > available) {
      refuse(`Offset (${offset}) cannot be greater than size of the containing file (${available})`);
    }
    if (size !== null && offset + size > available) {
      refuse(
        `The sum of offset (${offset}) and size (${size}) has to be smaller or equal to the ` +
          ` actual size of the containing file (${available})`,
      );
    }
    if (size !== null && size % SECTOR !== 0) refuse(`Specified size is not multiple of ${SECTOR}`);
    if (context.probe === null || !context.flags.writable) return new RawNode(context.origin, file, { offset, size });
    if (context.flags.isReopened !== true) warnOfGuess(context.host, file.filename);
    return new GuessedRawNode(context.origin, file, { window: { offset, size }, probe: context.probe });
  },
};

/** Said where a file that nobody called raw is opened to be written. */
export function warnOfGuess(host: ConsoleHost, filename: string): void {
  host.writeErr(
    `WARNING: Image format was not specified for '${filename}' and probing guessed raw.\n` +
      '         Automatically detecting the format is dangerous for raw images, ' +
      'write operations on block 0 will be restricted.\n' +
      "         Specify the 'raw' format explicitly to remove the restrictions.\n",
  );
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
