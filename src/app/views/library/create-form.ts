import { fileNameProblem, type CreateOptions, type CreateRequest, type ImageId } from '#protocol';
import { fileWord, quote } from '../../text/commands.ts';

/** What the dialogue holds: text as typed, choices as chosen. */
export interface CreateForm {
  name: string;
  size: string;
  lazyRefcounts: boolean;
  compat: '0.10' | '1.1';
  clusterSize: number;
  refcountBits: number;
  extendedL2: boolean;
  compressionType: 'zlib' | 'zstd';
  preallocation: 'off' | 'metadata';
  backingFile: string;
  backingFormat: string;
  encrypts: boolean;
  passphrase: string;
  passphraseAgain: string;
}

export const NEW_FORM: Readonly<CreateForm> = {
  name: 'disk.qcow2',
  size: '10G',
  lazyRefcounts: true,
  compat: '1.1',
  clusterSize: 65536,
  refcountBits: 16,
  extendedL2: false,
  compressionType: 'zlib',
  preallocation: 'off',
  backingFile: '',
  backingFormat: 'qcow2',
  encrypts: false,
  passphrase: '',
  passphraseAgain: '',
};

export const CLUSTER_SIZES = Array.from({ length: 13 }, (_, index) => 512 << index);
export const REFCOUNT_WIDTHS = [1, 2, 4, 8, 16, 32, 64];

export type FormErrors = Readonly<Partial<Record<keyof CreateForm, string>>>;

/** What is wrong with each field, in QEMU's words where QEMU refuses it too. */
export function formErrors(form: CreateForm, takenNames: readonly string[]): FormErrors {
  const errors: Partial<Record<keyof CreateForm, string>> = {};
  const size = parseSize(form.size);
  const name = nameError(form.name.trim(), takenNames);
  if (name !== null) errors.name = name;

  if (form.backingFile === '' && form.size.trim() === '') errors.size = 'A size is needed, such as 10G.';
  else if (size === null && form.size.trim() !== '') {
    errors.size = `Not a size: “${form.size}”. Write a number with k, M, G, T or P.`;
  } else if (size !== null && size > virtualSizeMax(form)) {
    errors.size = "The image size is too large for file format 'qcow2' (try using a larger cluster size)";
  }
  if (form.compat === '0.10') Object.assign(errors, version2Errors(form));
  if (form.extendedL2 && form.clusterSize < 16384) {
    errors.extendedL2 = 'Extended L2 entries are only supported with cluster sizes of at least 16384 bytes';
  }
  if (form.preallocation !== 'off' && form.backingFile !== '' && !form.extendedL2) {
    errors.preallocation = 'Backing file and preallocation can only be used at the same time if extended_l2 is on';
  }
  if (form.encrypts && form.passphrase === '') errors.passphrase = 'A passphrase is needed.';
  else if (form.encrypts && form.passphrase !== form.passphraseAgain) errors.passphraseAgain = 'The two differ.';
  return errors;
}

/** The image that the form's backing file means; a raw file is as large as its disk. */
export interface ChosenBacking {
  readonly id: ImageId;
  readonly virtualSize: number;
}

/** What is wrong with the name of an image, as its user may type it. */
export function nameError(name: string, takenNames: readonly string[]): string | null {
  return fileNameProblem(name) ?? (takenNames.includes(name) ? 'That name is taken.' : null);
}

/** Only for a form without errors. The backing file's size stands in for an empty size, as in qemu-img. */
export function createRequest(form: CreateForm, backing: ChosenBacking | null): CreateRequest {
  const size = parseSize(form.size) ?? backing?.virtualSize ?? 0;
  const options: CreateOptions = {
    size,
    compat: form.compat,
    clusterSize: form.clusterSize,
    refcountBits: form.refcountBits,
    lazyRefcounts: form.lazyRefcounts,
    extendedL2: form.extendedL2,
    compressionType: form.compressionType,
    preallocation: form.preallocation,
    ...(form.backingFile === '' ? {} : { backingFile: form.backingFile, backingFormat: form.backingFormat }),
  };
  const passphrase = form.encrypts ? form.passphrase : null;
  return { name: form.name.trim(), options, backing: backing?.id ?? null, passphrase };
}

/** The `qemu-img` command that makes the same file; options at their default are left out. */
export function createCommand(form: CreateForm): string {
  const options = [
    form.compat !== '1.1' && `compat=${form.compat}`,
    form.clusterSize !== NEW_FORM.clusterSize && `cluster_size=${clusterSizeWord(form.clusterSize)}`,
    form.refcountBits !== NEW_FORM.refcountBits && `refcount_bits=${form.refcountBits}`,
    form.lazyRefcounts && 'lazy_refcounts=on',
    form.extendedL2 && 'extended_l2=on',
    form.compressionType !== 'zlib' && `compression_type=${form.compressionType}`,
    form.preallocation !== 'off' && `preallocation=${form.preallocation}`,
    form.encrypts && 'encrypt.format=luks,encrypt.key-secret=key',
  ].filter((option) => option !== false);
  return [
    'qemu-img create -f qcow2',
    // A passphrase does not belong on a command line that is shown.
    ...(form.encrypts ? ['--object secret,id=key,file=passphrase.txt'] : []),
    ...(form.backingFile === '' ? [] : [`-b ${quote(form.backingFile)} -F ${form.backingFormat}`]),
    ...(options.length === 0 ? [] : [`-o ${options.join(',')}`]),
    fileWord(form.name.trim() || NEW_FORM.name),
    ...(form.size.trim() === '' ? [] : [quote(sizeWord(form.size))]),
  ].join(' ');
}

/** `10G` → bytes, rounded as `qemu-img` does; null when it is not a size. There are no fractions of a byte. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text);
  if (match === null) return null;
  const power = ' kmgtpe'.indexOf(match[2]!.toLowerCase());
  if (power <= 0 && match[1]!.includes('.')) return null;
  const bytes = Math.round(Number(match[1]) * 1024 ** Math.max(0, power));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

export function clusterSizeWord(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${bytes / (1024 * 1024)}M`;
  return bytes >= 1024 ? `${bytes / 1024}k` : String(bytes);
}

/** A number, a suffix as `qemu-img` knows it, and what people write after that. */
const SIZE = /^\s*(\d+(?:\.\d+)?)\s*([bkmgtpe]?)(?:i?b)?\s*$/i;

/** `10 GiB` → `10G`: the page takes more than `qemu-img` does. */
function sizeWord(text: string): string {
  const match = SIZE.exec(text);
  return match === null ? text.trim() : match[1]! + match[2]!;
}

function version2Errors(form: CreateForm): FormErrors {
  const needsV3 = 'supported with compatibility level 1.1 and above (use version=v3 or greater)';
  return {
    ...(form.lazyRefcounts && { lazyRefcounts: `Lazy refcounts only ${needsV3}` }),
    ...(form.extendedL2 && { extendedL2: `Extended L2 entries are only ${needsV3}` }),
    ...(form.compressionType !== 'zlib' && { compressionType: `Non-zlib compression type is only ${needsV3}` }),
    ...(form.refcountBits !== 16 && {
      refcountBits:
        'Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or greater)',
    }),
  };
}

/** The L1 table may have 32 MiB, that is 2²² entries. */
function virtualSizeMax({ clusterSize, extendedL2 }: CreateForm): number {
  return 2 ** 22 * clusterSize * (clusterSize / (extendedL2 ? 16 : 8));
}
