import type { AmendOptions } from '#engine';
import { FORMAT_OPTIONS } from '../options/format-options.ts';
import { parseValues, type CreateValues } from './create-options.ts';
import { ImgFailure } from './failure.ts';

/** @throws ImgFailure with QEMU's text, for formats that cannot be amended too */
export function parseAmendValues(format: string, texts: readonly string[]): CreateValues {
  const options = FORMAT_OPTIONS[format]?.amend ?? null;
  if (options === null) throw new ImgFailure(`Format driver '${format}' does not support option amendment`);
  try {
    return parseValues(options, texts);
  } catch (error) {
    if (!(error instanceof ImgFailure) || !isOptionOfCreation(format, texts)) throw error;
    throw new ImgFailure(error.message, { hints: ['This option is only supported for image creation'] });
  }
}

function isOptionOfCreation(format: string, texts: readonly string[]): boolean {
  try {
    const { amend, create } = FORMAT_OPTIONS[format]!;
    parseValues([...(amend ?? []), ...create], texts);
    return true;
  } catch (error) {
    if (error instanceof ImgFailure) return false;
    throw error;
  }
}

const VERSIONS: Readonly<Record<string, '0.10' | '1.1'>> = { '0.10': '0.10', v2: '0.10', '1.1': '1.1', v3: '1.1' };

/** All of them but the keys of encryption. @throws ImgFailure */
export function amendOptionsOf(values: CreateValues): AmendOptions {
  const compat = values.get('compat');
  if (compat !== undefined && VERSIONS[compat] === undefined) {
    throw new ImgFailure(`Unknown compatibility level ${compat}`);
  }
  return {
    ...(compat !== undefined && { compat: VERSIONS[compat]! }),
    ...(values.has('size') && { size: Number(values.get('size')) }),
    ...(values.has('backing_file') && { backingFile: values.get('backing_file')! }),
    ...(values.has('backing_fmt') && { backingFormat: values.get('backing_fmt')! }),
    ...(values.has('data_file') && { dataFile: values.get('data_file')! }),
    ...(values.has('data_file_raw') && { dataFileRaw: values.get('data_file_raw') === 'on' }),
    ...(values.has('lazy_refcounts') && { lazyRefcounts: values.get('lazy_refcounts') === 'on' }),
    ...(values.has('refcount_bits') && { refcountBits: Number(values.get('refcount_bits')) }),
  };
}
