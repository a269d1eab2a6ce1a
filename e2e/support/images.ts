import { spawnSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@playwright/test';
import { qemuImg, qemuIo, type Ran } from '../../test/tools/qemu.ts';

/** Skips only where the run was told that QEMU is missing on purpose; otherwise its absence is a failure. */
export function needsQemu(): void {
  const isMissing = ['qemu-img', 'qemu-io'].some((program) => spawnSync(program, ['--version']).status !== 0);
  test.skip(isMissing && process.env['QCOW2_WORKBENCH_WITHOUT_QEMU'] === '1', 'qemu-img is not installed');
}

/** Images that real QEMU made, as they lie on a user's disk. */
export class QemuImages {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Host clusters: 0 header, 1 refcount table, 2 refcount block, 3 L1 table, 4 L2 table, 5 on: data. */
  create(name: string, size: string, options = 'compat=1.1', ...commands: string[]): string {
    const path = join(this.#folder, name);
    succeed(qemuImg('create', '-q', '-f', 'qcow2', '-o', options, path, size));
    if (commands.length > 0) succeed(qemuIo(path, commands));
    return path;
  }

  /** Closed in the middle of writing: qemu-io is killed after its flush, so 32 clusters are there and unaccounted for. */
  killed(name: string): string {
    const path = this.create(name, '64M', 'lazy_refcounts=on');
    qemuIo(path, ['write -P 0x5a 0 2M', 'flush', 'sigraise 9']);
    return path;
  }

  /** Guest 0 and guest 64 KiB point to the same cluster. */
  crossLinked(name: string): string {
    const path = this.create(name, '1M', 'compat=1.1', 'write -P 1 0 128k');
    const bytes = readFileSync(path);
    bytes.copyWithin(0x40008, 0x40000, 0x40008);
    writeFileSync(path, bytes);
    return path;
  }

  /** Its end is missing, as after a copy that broke off. */
  cutShort(name: string): string {
    const path = this.create(name, '1M', 'compat=1.1', 'write -P 1 0 256k');
    truncateSync(path, 0x60000);
    return path;
  }

  windowsProgram(name: string): string {
    const path = join(this.#folder, name);
    const bytes = Buffer.alloc(4096);
    bytes.write('MZ', 'latin1');
    writeFileSync(path, bytes);
    return path;
  }
}

function succeed({ code, stdout, stderr }: Ran): void {
  if (code !== 0) throw new Error(`QEMU could not prepare the image: ${stderr || stdout}`);
}
