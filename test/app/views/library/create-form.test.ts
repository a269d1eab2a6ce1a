import { describe, expect, it } from 'vitest';
import {
  createCommand,
  createRequest,
  formErrors,
  NEW_FORM,
  parseSize,
  type CreateForm,
} from '../../../../src/app/views/library/create-form.ts';

const form = (changes: Partial<CreateForm>): CreateForm => ({ ...NEW_FORM, ...changes });

it.each([
  ['10G', 10 * 2 ** 30],
  ['1.5M', 1.5 * 2 ** 20],
  ['512', 512],
  ['64k', 65536],
  ['2 TiB', 2 ** 41],
  ['1.0001k', 1024],
  ['1.9999k', 2048],
  ['1.5', null],
  ['1.5b', null],
  ['', null],
  ['ten', null],
  ['-1', null],
  ['99999P', null],
])('reads the size %j as %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

describe('formErrors', () => {
  it('finds nothing wrong with a new form', () => expect(formErrors(form({}), [])).toEqual({}));

  it.each([
    [{ name: ' ' }, 'name', /needed/],
    [{ name: 'a/b' }, 'name', /cannot contain/],
    [{ name: '..' }, 'name', /cannot be a name/],
    [{ name: 'n'.repeat(256) }, 'name', /longer than 255/],
    [{ name: 'taken.qcow2' }, 'name', /taken/],
    [{ size: 'much' }, 'size', /Not a size/],
    [{ size: '' }, 'size', /needed/],
    [{ size: '129G', clusterSize: 512 }, 'size', /too large for file format 'qcow2'/],
    [{ compat: '0.10' }, 'lazyRefcounts', /^Lazy refcounts only supported with compatibility level 1\.1 and above/],
    [{ compat: '0.10', lazyRefcounts: false, refcountBits: 8 }, 'refcountBits', /^Different refcount widths than 16/],
    [{ extendedL2: true, clusterSize: 8192 }, 'extendedL2', /cluster sizes of at least 16384 bytes/],
    [{ encrypts: true }, 'passphrase', /needed/],
    [{ encrypts: true, passphrase: 'a', passphraseAgain: 'b' }, 'passphraseAgain', /differ/],
    [{ preallocation: 'metadata', backingFile: 'base' }, 'preallocation', /can only be used at the same time/],
  ] as const)('%j: says so beside %s', (changes, field, message) => {
    expect(formErrors(form(changes), ['taken.qcow2'])[field]).toMatch(message);
  });

  it('takes the size of the backing file when none is given', () => {
    const overlay = form({ size: '', backingFile: 'base.qcow2' });
    expect(formErrors(overlay, [])).toEqual({});
    expect(createRequest(overlay, { id: 'opfs:base.qcow2', virtualSize: 4096 })).toMatchObject({
      options: { size: 4096, backingFile: 'base.qcow2' },
      backing: 'opfs:base.qcow2',
    });
  });
});

describe('createCommand', () => {
  it('leaves out what is the default', () => {
    expect(createCommand(form({ lazyRefcounts: false, name: 'a.qcow2' }))).toBe('qemu-img create -f qcow2 a.qcow2 10G');
  });

  it('names every option that differs', () => {
    const command = createCommand(
      form({
        name: 'my disk.qcow2',
        clusterSize: 2 ** 21,
        refcountBits: 1,
        extendedL2: true,
        compressionType: 'zstd',
        preallocation: 'metadata',
        backingFile: 'base.qcow2',
      }),
    );
    expect(command).toBe(
      'qemu-img create -f qcow2 -b base.qcow2 -F qcow2 -o cluster_size=2M,refcount_bits=1,lazy_refcounts=on,extended_l2=on,' +
        "compression_type=zstd,preallocation=metadata 'my disk.qcow2' 10G",
    );
  });
});

describe('the size on the command line', () => {
  it.each([
    ['10 GiB', '10G'],
    ['10gb', '10g'],
    ['1.5M', '1.5M'],
    [' 512 ', '512'],
    ['12 parsecs', "'12 parsecs'"],
  ])('%j is written as %s, which qemu-img reads', (size, word) => {
    expect(createCommand(form({ name: 'a.qcow2', size, lazyRefcounts: false }))).toBe(
      `qemu-img create -f qcow2 a.qcow2 ${word}`,
    );
  });
});

describe('an encrypted image', () => {
  const encrypted = form({ encrypts: true, passphrase: 'open sesame', passphraseAgain: 'open sesame' });

  it('is asked for with its passphrase', () => {
    expect(createRequest(encrypted, null)).toMatchObject({ passphrase: 'open sesame' });
    expect(createRequest(form({ passphrase: 'left over' }), null)).toMatchObject({ passphrase: null });
  });

  it('has a command line without it', () => {
    expect(createCommand(encrypted)).toBe(
      'qemu-img create -f qcow2 --object secret,id=key,file=passphrase.txt -o lazy_refcounts=on,encrypt.format=luks,encrypt.key-secret=key disk.qcow2 10G',
    );
  });
});
