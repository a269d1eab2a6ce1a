import { describe, expect, it } from 'vitest';
import { EngineError, type Purpose, type Storage } from '#engine';
import type { ConsoleFiles, OverlappedStorage } from '#console';
import { forwarding } from '../../tools/forwarding-storage.ts';
import { MemoryHost } from '../memory-host.ts';

const MIB = 1024 * 1024;

/** How a slow disk goes on beside the program: it looks at the memory only when a request ends, later ones first. */
class SlowDisk {
  flushes = 0;
  underWay = 0;
  underWayMax = 0;
  count = 0;
  #queue: (() => void)[] = [];

  request(work: () => void): Promise<void> {
    this.count++;
    this.underWay++;
    this.underWayMax = Math.max(this.underWayMax, this.underWay);
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        this.underWay--;
        try {
          work();
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
      setTimeout(() => this.#queue.pop()!(), 2);
    });
  }
}

function onSlowDisk(storage: Storage, disk: SlowDisk, failFrom: number): OverlappedStorage {
  const write = (at: number, bytes: Uint8Array) => {
    if (at + bytes.length > failFrom) throw new EngineError('no-space', 'No space left on device');
    storage.write(at, bytes, 'guest-data');
  };
  const idle = () => expect(disk.underWay, 'requests under way').toBe(0);
  return Object.assign(forwarding(storage), {
    write,
    truncate: (size: number, why: Purpose) => (idle(), storage.truncate(size, why)),
    flush: (why: Purpose) => {
      idle();
      disk.flushes++;
      storage.flush(why);
    },
    close: () => (idle(), storage.close()),
    readLater: (at: number, into: Uint8Array) => disk.request(() => storage.read(at, into)),
    writeLater: (at: number, bytes: Uint8Array) => disk.request(() => write(at, bytes)),
  });
}

class SlowHost extends MemoryHost {
  readonly disk = new SlowDisk();
  failFrom = Infinity;
  override readonly files: ConsoleFiles;

  constructor() {
    super();
    const { files } = new MemoryHost();
    const slow = (storage: Storage) => onSlowDisk(storage, this.disk, this.failFrom);
    this.files = {
      ...files,
      open: async (name, mode) => slow(await files.open(name, mode)),
      create: async (name) => slow(await files.create(name)),
    };
  }

  async put(name: string, content: Uint8Array): Promise<void> {
    (await this.files.create(name)).write(0, content, 'guest-data');
  }

  async bytes(name: string): Promise<Buffer> {
    const storage = await this.files.open(name, 'read');
    const bytes = Buffer.alloc(storage.size);
    storage.read(0, bytes);
    return bytes;
  }
}

/** 13.5 MiB, every MiB different; some of them zeros. */
function content(): Uint8Array {
  const bytes = new Uint8Array(13.5 * MIB);
  for (let part = 0; part < 14; part++) if (part % 4 !== 2) bytes.fill(part + 1, part * MIB, (part + 1) * MIB);
  return bytes;
}

describe('convert between files that work beside it', () => {
  it.each(['-O raw', '-S 0 -O raw', '-O qcow2', '-c -O qcow2'])('%s copies the same bytes', async (options) => {
    const host = new SlowHost();
    await host.put('source', content());
    expect(await host.qemuImg('convert', ...options.split(' '), 'source', 'target')).toMatchObject({ code: 0 });
    expect(await host.qemuImg('convert', '-O', 'raw', 'target', 'back')).toMatchObject({ code: 0 });
    expect(Buffer.compare(await host.bytes('back'), content())).toBe(0);
    expect(host.disk.count).toBeGreaterThan(6);
    expect(host.disk.underWayMax).toBeGreaterThan(1);
  });

  it('reads ahead in an image too, where its data stands in one piece', async () => {
    const host = new SlowHost();
    await host.put('source', content());
    await host.qemuImg('convert', '-O', 'qcow2', 'source', 'image');
    const before = host.disk.count;
    expect(await host.qemuImg('convert', '-O', 'qcow2', 'image', 'target')).toMatchObject({ code: 0 });
    expect(host.disk.count - before).toBeGreaterThan(6);
    expect(await host.qemuImg('compare', 'source', 'target')).toMatchObject({ code: 0 });
  });

  it('keeps what is being written apart from what is read, ahead or not', async () => {
    const host = new SlowHost();
    await host.qemuImg('create', '-f', 'qcow2', 'base', '32M');
    await host.qemuImg('create', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base', 'overlay', '32M');
    const write = (at: number) => `write -q -P ${at + 1} ${at}M 1M`;
    const places = [...Array(32).keys()];
    await host.qemuIo(places.map(write), 'base');
    // Every other one is the overlay's own, which can be read ahead; those of the backing file are read in their turn.
    await host.qemuIo(places.filter((at) => at % 2 === 1).map(write), 'overlay');
    expect(await host.qemuImg('convert', '-O', 'raw', 'overlay', 'target')).toMatchObject({ code: 0 });
    const expected = Buffer.concat(Array.from({ length: 32 }, (_, at) => Buffer.alloc(MIB, at + 1)));
    expect(Buffer.compare(await host.bytes('target'), expected)).toBe(0);
  });

  it.each(['raw', 'qcow2'])('makes a %s target durable only where a cache mode asks for it', async (format) => {
    const host = new SlowHost();
    await host.put('source', content());
    const flushesOf = async (...options: string[]) => {
      const before = host.disk.flushes;
      await host.qemuImg('convert', ...options, '-n', '-O', format, 'source', 'target');
      return host.disk.flushes - before;
    };
    await host.qemuImg('create', '-f', format, 'target', String(content().length));
    expect(await flushesOf()).toBe(0);
    expect(await flushesOf('-t', 'writeback')).toBeGreaterThan(0);
  });

  it('says where the disk was full, and leaves nothing under way', async () => {
    const host = new SlowHost();
    await host.put('source', content());
    host.failFrom = 5 * MIB;
    const { stderr, code } = await host.qemuImg('convert', '-O', 'raw', 'source', 'target');
    expect(stderr).toBe('qemu-img: error while writing at byte 4194304: No space left on device\n');
    expect(code).toBe(1);
    expect(host.disk.underWay).toBe(0);
  });
});
