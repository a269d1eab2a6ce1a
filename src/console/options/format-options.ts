/** What kind of value an option takes: `switch` is on or off, `size` takes suffixes. */
export type OptionKind = 'text' | 'size' | 'number' | 'switch';

/** An option of `-o`, as parsing, judging, help and completion need it. */
export interface FormatOption {
  readonly name: string;
  readonly kind: OptionKind;
  /** What `-o help` says of it. */
  readonly help: string;
  /** What `create` prints and takes where the option is not given. */
  readonly fallback?: string;
}

/** The options of an image format, in the order in which `create` prints them. */
export interface FormatOptions {
  readonly create: readonly FormatOption[];
  /** null: images of this format cannot be amended. */
  readonly amend: readonly FormatOption[] | null;
}

const SIZE: FormatOption = { name: 'size', kind: 'size', help: 'Virtual disk size' };

/** What both creation and amendment of qcow2 take. */
const COMPAT: FormatOption = { name: 'compat', kind: 'text', help: 'Compatibility level (v2 [0.10] or v3 [1.1])' };
const BACKING_FILE: FormatOption = { name: 'backing_file', kind: 'text', help: 'File name of a base image' };
const BACKING_FORMAT: FormatOption = { name: 'backing_fmt', kind: 'text', help: 'Image format of the base image' };
const DATA_FILE: FormatOption = { name: 'data_file', kind: 'text', help: 'File name of an external data file' };
const DATA_FILE_RAW: FormatOption = {
  name: 'data_file_raw',
  kind: 'switch',
  help: 'The external data file must stay valid as a raw image',
};
const LAZY_REFCOUNTS: FormatOption = { name: 'lazy_refcounts', kind: 'switch', help: 'Postpone refcount updates' };
const REFCOUNT_BITS: FormatOption = {
  name: 'refcount_bits',
  kind: 'number',
  help: 'Width of a reference count entry in bits',
};
const ITER_TIME: FormatOption = { name: 'iter-time', kind: 'number', help: 'Time to spend in PBKDF in milliseconds' };

/** How LUKS encrypts, behind the secret that opens it. */
const LUKS_CIPHER: readonly FormatOption[] = [
  { name: 'cipher-alg', kind: 'text', help: 'Name of encryption cipher algorithm' },
  { name: 'cipher-mode', kind: 'text', help: 'Name of encryption cipher mode' },
  { name: 'ivgen-alg', kind: 'text', help: 'Name of IV generator algorithm' },
  { name: 'ivgen-hash-alg', kind: 'text', help: 'Name of IV generator hash algorithm' },
  { name: 'hash-alg', kind: 'text', help: 'Name of encryption hash algorithm' },
  ITER_TIME,
];

/** Which keys open a LUKS container. */
const LUKS_KEYS: readonly FormatOption[] = [
  { name: 'state', kind: 'text', help: 'Select new state of affected keyslots (active/inactive)' },
  { name: 'keyslot', kind: 'number', help: 'Select a single keyslot to modify explicitly' },
  { name: 'old-secret', kind: 'text', help: 'Select all keyslots that match this password' },
  {
    name: 'new-secret',
    kind: 'text',
    help: 'New secret to set in the matching keyslots. Empty string to erase',
  },
  ITER_TIME,
];

const RAW: FormatOptions = { create: [SIZE], amend: null };

const QCOW2: FormatOptions = {
  create: [
    {
      name: 'encryption',
      kind: 'switch',
      help: "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)",
    },
    { name: 'encrypt.format', kind: 'text', help: "Encrypt the image, format choices: 'aes', 'luks'" },
    {
      name: 'encrypt.key-secret',
      kind: 'text',
      help: 'ID of secret providing qcow AES key or LUKS passphrase',
    },
    ...LUKS_CIPHER.map(inEncrypt),
    { name: 'cluster_size', kind: 'size', help: 'qcow2 cluster size', fallback: '65536' },
    { name: 'extended_l2', kind: 'switch', help: 'Extended L2 tables', fallback: 'off' },
    {
      name: 'preallocation',
      kind: 'text',
      help: 'Preallocation mode (allowed values: off, metadata, falloc, full)',
    },
    {
      name: 'compression_type',
      kind: 'text',
      help: 'Compression method used for image cluster compression',
      fallback: 'zlib',
    },
    SIZE,
    COMPAT,
    BACKING_FILE,
    BACKING_FORMAT,
    DATA_FILE,
    DATA_FILE_RAW,
    { ...LAZY_REFCOUNTS, fallback: 'off' },
    { ...REFCOUNT_BITS, fallback: '16' },
  ],
  amend: [
    ...LUKS_KEYS.map(inEncrypt),
    SIZE,
    COMPAT,
    BACKING_FILE,
    BACKING_FORMAT,
    DATA_FILE,
    DATA_FILE_RAW,
    LAZY_REFCOUNTS,
    REFCOUNT_BITS,
  ],
};

const LUKS: FormatOptions = {
  create: [
    SIZE,
    { name: 'key-secret', kind: 'text', help: 'ID of the secret that provides the keyslot passphrase' },
    ...LUKS_CIPHER,
  ],
  amend: LUKS_KEYS,
};

/** By the format's name. */
export const FORMAT_OPTIONS: Readonly<Record<string, FormatOptions>> = { raw: RAW, qcow2: QCOW2, luks: LUKS };

/** What a file takes at creation, whatever format goes into it; a format's own option of the same name comes first. */
export const FILE_OPTIONS: readonly FormatOption[] = [
  SIZE,
  { name: 'preallocation', kind: 'text', help: 'Preallocation mode (allowed values: off, falloc, full)' },
  { name: 'nocow', kind: 'switch', help: 'Turn off copy-on-write (valid only on btrfs)' },
  { name: 'extent_size_hint', kind: 'size', help: 'Extent size hint for the image file, 0 to disable' },
];

/** All drivers that QEMU has, each a name that an image may give for the format of its backing file. */
export const QEMU_FORMATS: readonly string[] = [
  ...[
    'blkdebug',
    'blklogwrites',
    'blkverify',
    'bochs',
    'cloop',
    'compress',
    'copy-before-write',
    'copy-on-read',
    'dmg',
  ],
  ...['file', 'ftp', 'ftps', 'gluster', 'host_cdrom', 'host_device', 'http', 'https', 'iscsi', 'iser', 'luks', 'nbd'],
  ...['nfs', 'null-aio', 'null-co', 'nvme', 'parallels', 'preallocate', 'qcow', 'qcow2', 'qed', 'quorum', 'raw', 'rbd'],
  ...['replication', 'snapshot-access', 'ssh', 'throttle', 'vdi', 'vhdx', 'vmdk', 'vpc', 'vvfat'],
];

/** Formats that are known by name and never written. */
const READ_ONLY_FORMATS: readonly string[] = ['bochs', 'cloop', 'dmg'];

export function isReadOnlyFormat(format: string): boolean {
  return READ_ONLY_FORMATS.includes(format);
}

/** All that `create -f format` takes for a file, each name once. */
export function creationOptionsOf(format: string): readonly FormatOption[] {
  const own = FORMAT_OPTIONS[format]?.create ?? [];
  return [...own, ...FILE_OPTIONS.filter(({ name }) => !own.some((option) => option.name === name))];
}

function inEncrypt(option: FormatOption): FormatOption {
  return { ...option, name: `encrypt.${option.name}` };
}
