import { describe, expect, it } from 'vitest';
import type { ConsoleRun } from '../../capturing-host.ts';
import { MemoryHost } from '../../memory-host.ts';

// A failed write says why, the tables that could not be written at the close are named, and whatever was hit, the check
// finds leaked clusters at worst.

const TEXTS = { 5: 'Input/output error', 28: 'No space left on device' } as const;
type Errno = keyof typeof TEXTS;

interface Scenario {
  readonly event: string;
  readonly errno: Errno;
  readonly once: boolean;
  readonly write: string;
}

interface Target {
  readonly clusterSize: number;
  readonly isLazy?: boolean;
  readonly before?: readonly string[];
}

/** Runs `write` with an error injected, on an image of 1 GiB. */
async function failingWrite(
  { event, errno, once, write }: Scenario,
  { clusterSize, isLazy = false, before = [] }: Target,
): Promise<{ host: MemoryHost; run: ConsoleRun }> {
  const host = new MemoryHost();
  host.addFile('rules', `[inject-error]\nevent = "${event}"\nerrno = "${errno}"\nonce ="${once ? 'on' : 'off'}"\n`);
  const options = `cluster_size=${clusterSize},lazy_refcounts=${isLazy ? 'on' : 'off'}`;
  await host.qemuImg('create', '-f', 'qcow2', '-o', options, 'image', '1G');
  if (before.length > 0) await host.qemuIo(before, 'image');
  const run = await host.qemuIo([write], 'blkdebug:rules:image');
  return { host, run };
}

function unwrittenTables(errno: Errno): string {
  return ['L2 table', 'refcount block']
    .map((name) => `qemu-io: Failed to flush the ${name} cache: ${TEXTS[errno]}\n`)
    .join('');
}

async function expectLeaksAtWorst(host: MemoryHost): Promise<void> {
  const { stdout, code } = await host.qemuImg('check', 'image');
  expect(stdout).not.toContain('ERROR');
  expect([0, 3]).toContain(code);
}

function scenarios(events: readonly string[], writes: readonly string[], errnos: readonly Errno[] = [5, 28]) {
  return events.flatMap((event) =>
    errnos.flatMap((errno) =>
      [true, false].flatMap((once) => writes.map((write): Scenario => ({ event, errno, once, write }))),
    ),
  );
}

const WRITES = ['write 0 128k', 'write -b 0 128k'];

describe('an error while 128 KiB are written', () => {
  it.each(
    scenarios(
      ['l1_update', 'l2_alloc_write', 'write_aio', 'refblock_load', 'refblock_update_part', 'refblock_alloc'],
      WRITES,
    ),
  )('$event, errno $errno, once $once: $write', async (scenario) => {
    const { host, run } = await failingWrite(scenario, { clusterSize: 1024 });
    expect(run.stdout).toBe(`write failed: ${TEXTS[scenario.errno]}\n`);
    expect(run.stderr).toBe(scenario.once ? '' : unwrittenTables(scenario.errno));
    await expectLeaksAtWorst(host);
  });

  it.each(scenarios(['l2_update'], WRITES))('$event, errno $errno, once $once: $write', async (scenario) => {
    const { host, run } = await failingWrite(scenario, {
      clusterSize: 1024,
      before: [scenario.write.replace('128k', '512')],
    });
    expect(run.stdout).toBe(`write failed: ${TEXTS[scenario.errno]}\n`);
    expect(run.stderr).toBe(scenario.once ? '' : unwrittenTables(scenario.errno));
    await expectLeaksAtWorst(host);
  });

  it.each(scenarios(['cluster_alloc'], WRITES))(
    '$event, errno $errno, once $once: $write; nothing was changed, so the close has nothing to say',
    async (scenario) => {
      const { host, run } = await failingWrite(scenario, { clusterSize: 1024 });
      expect(run.stdout).toBe(`write failed: ${TEXTS[scenario.errno]}\n`);
      expect(run.stderr).toBe('');
      await expectLeaksAtWorst(host);
    },
  );

  it.each(scenarios(['l2_load'], WRITES))(
    '$event, errno $errno, once $once: $write; a table just made is not read',
    async (scenario) => {
      const { host, run } = await failingWrite(scenario, { clusterSize: 1024 });
      expect(run.stdout).toContain('wrote 131072/131072 bytes at offset 0');
      const again = await host.qemuIo([scenario.write], 'blkdebug:rules:image');
      expect(again.stdout).toBe(`write failed: ${TEXTS[scenario.errno]}\n`);
      const read = await host.qemuIo([scenario.write.replace('write', 'read')], 'blkdebug:rules:image');
      expect(read.stdout).toBe(`read failed: ${TEXTS[scenario.errno]}\n`);
      expect([run.stderr, again.stderr, read.stderr]).toEqual(['', '', '']);
      await expectLeaksAtWorst(host);
    },
  );
});

describe('an error while refcount structures grow', () => {
  const events = [
    'refblock_alloc_hookup',
    'refblock_alloc_write',
    'refblock_alloc_write_blocks',
    'refblock_alloc_write_table',
    'refblock_alloc_switch_table',
  ];
  it.each(scenarios(events, ['write 0 64M', 'write -b 0 64M'], [28]))(
    '$event, once $once: $write',
    async (scenario) => {
      const { host, run } = await failingWrite(scenario, { clusterSize: 512 });
      expect(run.stdout).toBe(`write failed: ${TEXTS[28]}\n`);
      expect(run.stderr).toBe(scenario.once ? '' : unwrittenTables(28));
      await expectLeaksAtWorst(host);
    },
  );

  it.each(scenarios(events, ['write 0 64M'], [28]))(
    '$event, once $once: $write, lazily; refcounts were brought home with the last new L2 table',
    async (scenario) => {
      const { host, run } = await failingWrite(scenario, { clusterSize: 512, isLazy: true });
      expect(run.stdout).toBe(`write failed: ${TEXTS[28]}\n`);
      await expectLeaksAtWorst(host);
    },
  );
});

describe('an error while the L1 table grows', () => {
  it.each(scenarios(['l1_grow_alloc_table', 'l1_grow_write_table', 'l1_grow_activate_table'], ['write -b 0 64k']))(
    '$event, errno $errno, once $once',
    async (scenario) => {
      const { host, run } = await failingWrite(scenario, { clusterSize: 1024 });
      expect(run.stdout).toBe(`write failed: ${TEXTS[scenario.errno]}\n`);
      const isSilent = scenario.once || scenario.event === 'l1_grow_alloc_table';
      expect(run.stderr).toBe(isSilent ? '' : unwrittenTables(scenario.errno));
      await expectLeaksAtWorst(host);
    },
  );
});

describe('after an error that went away', () => {
  const once = '[inject-error]\nevent = "write_aio"\nerrno = "5"\nonce = "on"\n';

  it('the clusters of the failed write are used by the next', async () => {
    const host = new MemoryHost();
    host.addFile('rules', once);
    await host.qemuImg('create', '-f', 'qcow2', '-o', 'cluster_size=1k', 'image', '64M');
    const { stdout } = await host.qemuIo(['write 0 1M', 'write 0 1M'], 'blkdebug:rules:image');
    expect(stdout).toMatch(/^write failed: Input\/output error\nwrote 1048576/);
    expect((await host.qemuImg('check', 'image')).stdout).toMatch(/^No errors were found/);
  });

  it('a cluster reserved for zeros is still reserved', async () => {
    const host = new MemoryHost();
    host.addFile('rules', once);
    await host.qemuImg('create', '-f', 'qcow2', '-o', 'cluster_size=1k', 'image', '1k');
    await host.qemuIo(['write 0 1k', 'write -z 0 1k'], 'image');
    const { stdout } = await host.qemuIo(['write 0 1k'], 'blkdebug:rules:image');
    expect(stdout).toBe('write failed: Input/output error\n');
    expect((await host.qemuImg('check', 'image')).stdout).toMatch(/^No errors were found/);
  });
});
