import { EngineError } from '#engine';
import type { Options } from '../options/options.ts';
import { takeSize } from '../options/take-values.ts';

/** What requests a node takes. Bytes; 0: no limit of its own. */
export interface Limits {
  /** Reads and writes begin and end at multiples of it, a power of two. */
  readonly requestAlignment: number;
  readonly transferMax: number;
  readonly writeZeroesAlignment: number;
  readonly writeZeroesMax: number;
  readonly discardAlignment: number;
  readonly discardMax: number;
}

const INT_MAX = 2 ** 31 - 1;

/** Takes blkdebug's options for limits. @throws EngineError invalid-argument for limits that contradict each other */
export function takeLimits(options: Options): Limits {
  const align = takeSize(options, 'align') ?? 0;
  const unit = Math.max(align, 1);
  if (align >= INT_MAX || (align !== 0 && !Number.isInteger(Math.log2(align)))) refuse('align', align);
  const multipleOf = (name: string, factor: number) => {
    const value = takeSize(options, name) ?? 0;
    if (value >= INT_MAX || value % factor !== 0) refuse(name, value);
    return value;
  };
  const transferMax = multipleOf('max-transfer', unit);
  const writeZeroesAlignment = multipleOf('opt-write-zero', unit);
  const writeZeroesMax = multipleOf('max-write-zero', Math.max(writeZeroesAlignment, unit));
  const discardAlignment = multipleOf('opt-discard', unit);
  const discardMax = multipleOf('max-discard', Math.max(discardAlignment, unit));
  return { requestAlignment: unit, transferMax, writeZeroesAlignment, writeZeroesMax, discardAlignment, discardMax };
}

function refuse(name: string, value: number): never {
  throw new EngineError('invalid-argument', `Cannot meet constraints with ${name} ${value}`);
}
