import type { FormatOption, FormatOptions } from '../options/format-options.ts';
import { creationOptionsOf, FORMAT_OPTIONS, isReadOnlyFormat, QEMU_FORMATS } from '../options/format-options.ts';
import { splitAtCommas } from '../options/options.ts';
import { ImgFailure } from './failure.ts';

/**
 * A list given with `-o`, as it stands: several go together, but none may complete another's doubled comma.
 * @throws ImgFailure for an empty list, one that begins with a comma, and one that ends with half of a doubled comma
 */
export function judgeOptionList(list: string): void {
  const [commas] = /,*$/.exec(list)!;
  if (list === '' || list.startsWith(',') || commas.length % 2 === 1) {
    throw new ImgFailure(`Invalid option list: ${list}`);
  }
}

/** Whether a list asks for help instead of setting options. */
export function asksForHelp(lists: readonly string[]): boolean {
  return lists.some((list) => splitAtCommas(list).some((member) => member === 'help' || member === '?'));
}

/** The options of a format in which new images can be made. @throws ImgFailure for other formats */
export function judgeCreatable(format: string): FormatOptions {
  if (isReadOnlyFormat(format)) throw new ImgFailure(`Format driver '${format}' does not support image creation`);
  const options = FORMAT_OPTIONS[format];
  if (options === undefined) throw new ImgFailure(`Unknown file format '${format}'`);
  return options;
}

/** What `create` and `convert` print for `-o help`. @throws ImgFailure for formats that cannot be created */
export function creationHelp(format: string, filename: string | null): string {
  const options = judgeCreatable(format);
  if (filename !== null) return `Supported options:\n${helpOf(creationOptionsOf(format))}`;
  return (
    `Supported ${format} options:\n${helpOf(options.create)}\n` +
    'The protocol level may support further options.\nSpecify the target filename to include those options.\n'
  );
}

/** What `amend` prints for `-o help`. @throws ImgFailure for formats that cannot be amended */
export function amendHelp(format: string): string {
  if (!QEMU_FORMATS.includes(format)) throw new ImgFailure(`Unknown file format '${format}'`);
  const amend = FORMAT_OPTIONS[format]?.amend ?? null;
  if (amend === null) throw new ImgFailure(`Format driver '${format}' does not support option amendment`);
  return `Amend options for '${format}':\n${helpOf(amend)}`;
}

const HELP_COLUMN = 24;

function helpOf(options: readonly FormatOption[]): string {
  const lines = options.map(
    ({ name, kind, help }) => `${`  ${name}=<${valueText(kind)}>`.padEnd(HELP_COLUMN)} - ${help}\n`,
  );
  return lines.sort().join('');
}

function valueText(kind: FormatOption['kind']): string {
  switch (kind) {
    case 'text':
      return 'str';
    case 'size':
      return 'size';
    case 'number':
      return 'num';
    case 'switch':
      return 'bool (on/off)';
  }
}
