import { describe, expect, it } from 'vitest';
import { complete, type Completion } from '#console';
import { MemoryHost } from './memory-host.ts';

const host = new MemoryHost();
for (const name of ['a.qcow2', 'a 2.qcow2', 'base.qcow2', "it's.raw", 'disk,1.qcow2']) host.addFile(name);

/** Completes at `|`, which is not part of the line. */
async function at(line: string, isForQemuIo = false): Promise<Completion> {
  const cursor = line.indexOf('|');
  return complete(host.files, { line: line.replace('|', ''), cursor, isForQemuIo });
}

/** The lines that come of it. */
async function lines(line: string, isForQemuIo = false): Promise<string[]> {
  const { from, to, candidates } = await at(line, isForQemuIo);
  const typed = line.replace('|', '');
  return candidates.map(({ text }) => typed.slice(0, from) + text + typed.slice(to));
}

describe('completion', () => {
  it.each([
    ['programs', 'qemu-i|', ['qemu-img ', 'qemu-io ']],
    ['what is typed as a command', 'hi|', ['history ']],
    ['behind a connector', 'ls; qc|', ['ls; qcow2.py ']],
    ['behind a copied prompt', '$ qemu-img cre|', ['$ qemu-img create ']],
    ['sub-commands', 'qemu-img co|', ['qemu-img commit ', 'qemu-img compare ', 'qemu-img convert ']],
    ['in the middle of a line', 'qemu-img inf| a.qcow2', ['qemu-img info  a.qcow2']],
    ['long options', 'qemu-img info --b|', ['qemu-img info --backing-chain ']],
    ['long options with a value', 'qemu-img info --outp|', ['qemu-img info --output=']],
    ['their values', 'qemu-img info --output=j|', ['qemu-img info --output=json ']],
    ['formats', 'qemu-img create -f q|', ['qemu-img create -f qcow2 ']],
    ['cache modes', 'qemu-img commit -t write|', ['qemu-img commit -t writeback ', 'qemu-img commit -t writethrough ']],
    ['values that the syntax lists', 'qemu-img check -r |', ['qemu-img check -r leaks ', 'qemu-img check -r all ']],
    ['names of -o', 'qemu-img create -f qcow2 -o lazy|', ['qemu-img create -f qcow2 -o lazy_refcounts=']],
    [
      'values of -o behind others',
      'qemu-img create -f qcow2 -o compat=1.1,lazy_refcounts=|',
      ['on', 'off'].map((value) => `qemu-img create -f qcow2 -o compat=1.1,lazy_refcounts=${value}`),
    ],
    [
      'files in -o',
      'qemu-img create -f qcow2 -o backing_file=d|',
      ['qemu-img create -f qcow2 -o backing_file=disk,,1.qcow2'],
    ],
    ['files', 'qemu-img info b|', ['qemu-img info base.qcow2 ']],
    ['files below ./', 'qemu-img info ./b|', []],
    ['files that need quotes', 'qemu-img info it|', [`qemu-img info 'it'\\''s.raw' `]],
    ['files in the quotes that were opened', 'qemu-img info "a |', ['qemu-img info "a 2.qcow2" ']],
    ['input and output of dd', 'qemu-img dd if=b|', ['qemu-img dd if=base.qcow2 ']],
    ['commands of qemu-io', "qemu-io -c 'wri|", ["qemu-io -c 'write", "qemu-io -c 'writev"]],
    ['options of qemu-io', 'qemu-io --im|', ['qemu-io --image-opts ']],
    ['commands of qcow2.py', 'qcow2.py a.qcow2 dump-header-|', ['qcow2.py a.qcow2 dump-header-exts ']],
    [
      'fields of the header',
      'qcow2.py a.qcow2 set-header refcount_o|',
      ['qcow2.py a.qcow2 set-header refcount_order '],
    ],
    ['nothing for what is not known', 'rm a|', []],
  ])('knows %s', async (_what, line, expected) => {
    expect(await lines(line)).toEqual(expected);
  });

  it('says what a candidate is about', async () => {
    const { candidates } = await at('qemu-img create -f qcow2 -o cluster_|');
    expect(candidates).toEqual([{ text: 'cluster_size=', label: 'cluster_size', about: 'qcow2 cluster size' }]);
  });

  it('leaves out options that the list has already', async () => {
    const { candidates } = await at('qemu-img create -f qcow2 -o compat=1.1,com|');
    expect(candidates.map(({ label }) => label)).toEqual(['compression_type']);
  });

  it('offers the options of the format that is made', async () => {
    expect((await at('qemu-img create -o lazy|')).candidates).toEqual([]);
    expect((await at('qemu-img convert -O qcow2 -o lazy|')).candidates).toHaveLength(1);
  });

  it.each([
    ['commands', 'fl|', ['flush ']],
    ['options', 'write -P|', ['write -P ']],
    ['files', 'open b|', ['open base.qcow2 ']],
    ['cache modes', 'reopen -c uns|', ['reopen -c unsafe ']],
    ['what help is for', 'help sig|', ['help sigraise ']],
  ])('knows %s of qemu-io’s own lines', async (_what, line, expected) => {
    expect(await lines(line, true)).toEqual(expected);
  });
});
