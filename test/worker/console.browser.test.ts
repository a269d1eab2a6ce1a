import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsoleEnd, ConsoleMethods, ConsoleText, ImageMethods } from '#protocol';
import { createClient, connectToWorker, type Client } from '#rpc';
import { emptyStorage } from './connect.ts';

type Methods = ImageMethods & ConsoleMethods;

let client: Client<Methods>;
let worker: Worker;

beforeEach(async () => {
  await emptyStorage();
  worker = new Worker(new URL('../../src/worker/main.ts', import.meta.url), { type: 'module' });
  client = createClient<Methods>(connectToWorker(worker));
});
afterEach(() => worker.terminate());

/** A line of the console on its way: what it has printed so far, its end, and ways to talk to it. */
function start(line: string) {
  const run = crypto.randomUUID();
  const controller = new AbortController();
  const printed = { out: '', err: '', note: '' };
  let questions = 0;
  const print = (texts: readonly ConsoleText[]) => {
    for (const { stream, text } of texts) printed[stream] += text;
  };
  const ending = client.call(
    'console.run',
    { run, line },
    {
      signal: controller.signal,
      onProgress: (event) => {
        if (event.kind === 'wants-line') questions++;
        else print(event.texts);
      },
    },
  );
  const end = ending.then((given) => {
    print(given.texts);
    return given;
  });
  return {
    printed,
    end,
    interrupt: () => controller.abort(),
    /** Waits until a line is asked for the `count`th time. */
    asked: (count: number) => vi.waitFor(() => expect(questions).toBe(count), { timeout: 10_000 }),
    input: (text: string | null) => client.call('console.input', { run, line: text }),
  };
}

async function run(line: string): Promise<Omit<ConsoleEnd, 'texts'> & { out: string; err: string; note: string }> {
  const started = start(line);
  const { exitCode, changed } = await started.end;
  return { exitCode, changed, ...started.printed };
}

const CREATE = 'qemu-img create -f qcow2 -o lazy_refcounts=on a.qcow2 1M';
const ID = 'opfs:a.qcow2';

/** A file with a real handle that the user gave, as far as a test can: it lies in the browser's own storage. */
async function localFile(name: string, bytes: BlobPart): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('elsewhere', { create: true });
  const handle = await folder.getFileHandle(name, { create: true });
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
  return handle;
}

describe('the console over the library', () => {
  it.each([
    ['an unknown program', 'foo', 'foo: command not found\n', 127],
    ['a line that is none', "ls 'a", 'console: ', 2],
  ])('says what is wrong with %s', async (_name, line, message, exitCode) => {
    const end = await run(line);
    expect(end.err).toContain(message);
    expect(end.exitCode).toBe(exitCode);
  });

  it('says what is wrong with a name that no image can have', async () => {
    const name = 'ü'.repeat(128);
    const { exitCode, err, note } = await run(`qemu-img create -q -f qcow2 ${name} 1M`);
    expect([exitCode, err]).toEqual([1, `qemu-img: ${name}: Could not create '${name}': File name too long\n`]);
    expect(note).toContain('The library has no place for such a name. A name cannot be longer than 255 bytes');
  });

  it.each([
    ['create -q -f qcow2 . 1M', ".: Could not create '.': Is a directory"],
    ['create -q -f qcow2 ../.. 1M', "../..: Could not create '../..': Is a directory"],
    ["create -q -f qcow2 '' 1M", ": Could not create '': No such file or directory"],
    ['create -q -f qcow2 folder/a 1M', "folder/a: Could not create 'folder/a': No such file or directory"],
    ['info ./', "Could not open './': 'file' driver requires './' to be a regular file"],
    ['info ...', "Could not open '...': Could not open '...': No such file or directory"],
  ])('qemu-img %s', async (args, message) => {
    const end = await run(`qemu-img ${args}`);
    expect([end.exitCode, end.err]).toEqual([1, `qemu-img: ${message}\n`]);
  });

  it('makes library entries, and says which images changed', async () => {
    expect(await run(CREATE)).toEqual({
      exitCode: 0,
      changed: [ID],
      out: "Formatting 'a.qcow2', fmt=qcow2 cluster_size=65536 extended_l2=off compression_type=zlib size=1048576 lazy_refcounts=on refcount_bits=16\n",
      err: '',
      note: '',
    });
    expect(await client.call('library.list')).toMatchObject([
      { id: ID, about: { kind: 'qcow2', lazyRefcounts: true } },
    ]);
    expect(await run('qemu-img info ./a.qcow2')).toMatchObject({ exitCode: 0, changed: [] });
  });

  it('leaves an image as a killed program does, and lets it go', async () => {
    await run(CREATE);
    expect(await run("qemu-io -c 'write 0 64k' -c 'sigraise 9' a.qcow2")).toMatchObject({
      exitCode: 137,
      changed: [ID],
      err: 'Killed\n',
    });
    const [entry] = await client.call('library.list');
    expect(entry).toMatchObject({ about: { state: 'dirty' } });
    const check = await run('qemu-img check a.qcow2');
    expect(check.exitCode).toBe(2);
    expect(check.err).toContain('ERROR cluster 5 refcount=0 reference=1\n');
    expect((await run('qemu-img check -r all a.qcow2')).exitCode).toBe(0);
    expect((await run('qemu-img check a.qcow2')).out).toContain('No errors were found on the image.\n');
  });

  it('holds what a program has open: others look where that is safe, and are refused otherwise', async () => {
    await run(CREATE);
    const writing = start('qemu-io a.qcow2');
    await writing.asked(1);
    expect(writing.printed.out).toBe('qemu-io> ');
    await expect(client.call('image.overview', { id: ID })).rejects.toMatchObject({
      code: 'locked',
      message: 'The console has this image open: qemu-io a.qcow2',
    });
    expect(await run('qemu-img info a.qcow2')).toMatchObject({
      exitCode: 1,
      err: `qemu-img: Could not open 'a.qcow2': Failed to get shared "write" lock\nIs another process using the image [a.qcow2]?\n`,
    });
    expect(await client.call('library.list')).toHaveLength(1);
    await writing.input('quit');
    expect((await writing.end).exitCode).toBe(0);

    const reading = start('qemu-io -r a.qcow2');
    await reading.asked(1);
    expect(await client.call('image.overview', { id: ID })).toMatchObject({ name: 'a.qcow2' });
    await expect(client.call('library.delete', { id: ID })).rejects.toMatchObject({ code: 'locked' });
    expect((await run('qemu-io -c "write 0 512" a.qcow2')).err).toContain('Failed to get "write" lock\n');
    await reading.input(null);
    expect((await reading.end).exitCode).toBe(0);
    await client.call('library.delete', { id: ID });
  });

  it('does not overwrite what the same command reads', async () => {
    await run(`${CREATE}; qemu-io -c 'write -P 7 0 64k' a.qcow2`);
    expect((await run('qemu-img convert -O qcow2 a.qcow2 a.qcow2')).exitCode).toBe(1);
    expect((await run("qemu-io -r -c 'read -P 7 0 64k' a.qcow2")).exitCode).toBe(0);
  });

  it('reads the lines of a program from the page', async () => {
    const io = start('qemu-io');
    await io.asked(1);
    await io.input('length');
    await io.asked(2);
    expect(io.printed.err).toBe("no file open, try 'help open'\n");
    await io.input('q');
    expect((await io.end).exitCode).toBe(1);
  });

  it.each(['qemu-io -c "sleep 60000" a.qcow2', 'qemu-io a.qcow2'])('is interrupted: %s', async (line) => {
    await run(CREATE);
    const long = start(line);
    // Others get their answers meanwhile.
    await client.call('library.list');
    long.interrupt();
    expect((await long.end).exitCode).toBe(130);
    expect(long.printed.err).toBe('');
    expect((await run('qemu-img info a.qcow2')).exitCode).toBe(0);
  });

  it('changes a local file in its overlay only', async () => {
    await run(CREATE);
    const handle = await localFile('there.qcow2', await client.call('library.download', { id: ID }));
    const { id } = await client.call('library.addLocal', { file: await handle.getFile(), handle });
    const before = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    expect(await run("qemu-io -c 'write -P 9 0 64k' there.qcow2")).toMatchObject({ exitCode: 0, changed: [id] });
    expect(new Uint8Array(await (await handle.getFile()).arrayBuffer())).toEqual(before);
    expect((await client.call('image.changes', { id })).length).toBeGreaterThan(0);
    expect((await run("qemu-io -r -c 'read -P 9 0 64k' there.qcow2")).exitCode).toBe(0);
  });

  it('gives a local file whose name is taken another one', async () => {
    await run(CREATE);
    const handle = await localFile('a.qcow2', 'something else');
    await client.call('library.addLocal', { file: await handle.getFile(), handle });
    expect((await run('ls -l')).out).toMatch(/^ *14 'a 2.qcow2'\n\d+ a.qcow2\n$/);
  });

  it('takes a backing file named on the command line for chosen', async () => {
    await run('qemu-img create -f qcow2 base.qcow2 1M');
    await run("qemu-io -c 'write -P 3 0 64k' base.qcow2");
    await run('qemu-img create -f qcow2 -b base.qcow2 -F qcow2 over.qcow2');
    const { chain } = await client.call('image.overview', { id: 'opfs:over.qcow2' });
    expect(chain).toMatchObject([{ name: 'base.qcow2', granted: 'opfs:base.qcow2' }]);
    await client.call('library.rename', { id: 'opfs:base.qcow2', name: 'moved.qcow2' });
    expect((await run("qemu-io -r -c 'read -P 3 0 64k' over.qcow2")).exitCode).toBe(0);
  });

  it('refuses names that no image can have', async () => {
    expect((await run('qemu-img create -f qcow2 folder/a.qcow2 1M')).err).toBe(
      "qemu-img: folder/a.qcow2: Could not create 'folder/a.qcow2': No such file or directory\n",
    );
    expect((await run('qemu-img info nothing.qcow2')).err).toBe(
      "qemu-img: Could not open 'nothing.qcow2': Could not open 'nothing.qcow2': No such file or directory\n",
    );
  });

  it('voids the plan of a repair when the image changes', async () => {
    await run(`${CREATE}; qemu-io -c 'write 0 64k' -c 'sigraise 9' a.qcow2`);
    const { planId } = await client.call('image.planRepair', { id: ID, mode: 'all' });
    await run('qemu-img check -r all a.qcow2');
    await expect(client.call('image.applyRepair', { planId, stepCount: null })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
