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

  /** Its header names a place for the L1 table where none can be. */
  wrongL1Offset(name: string): string {
    const path = this.create(name, '1M', 'compat=1.1', 'write -P 0x61 0 64k');
    const bytes = readFileSync(path);
    bytes[47] = 1;
    writeFileSync(path, bytes);
    return path;
  }

  encrypted(name: string, format: 'aes' | 'luks', passphrase: string, command: string): string {
    const path = join(this.#folder, name);
    const fast = format === 'luks' ? ',encrypt.iter-time=10' : '';
    const options = `encrypt.format=${format},encrypt.key-secret=s${fast}`;
    const create = () => qemuImg('create', '-q', '-f', 'qcow2', ...secret(passphrase), '-o', options, path, '4M');
    let made = create();
    // QEMU measures the processor, which can fail on a busy one.
    for (let tries = 1; made.stderr.includes('Unable to get accurate CPU usage') && tries < 40; tries++)
      made = create();
    succeed(made);
    succeed(runQemuIo(passphrase, path, format, command));
    return path;
  }

  /** A LUKS image whose key takes minutes to be derived. */
  slowToUnlock(name: string, passphrase: string): string {
    const path = this.encrypted(name, 'luks', passphrase, 'write -P 0x41 0 64k');
    const bytes = readFileSync(path);
    const firstSlot = bytes.indexOf('LUKS\xba\xbe', 0, 'latin1') + 208;
    bytes.writeUInt32BE(0x7fffffff, firstSlot + 4);
    writeFileSync(path, bytes);
    return path;
  }

  /** Text of an encrypted disk, as real QEMU reads it. */
  readEncrypted(path: string, format: 'aes' | 'luks', passphrase: string, at: number, length: number): string {
    const ran = runQemuIo(passphrase, path, format, `read -v ${at} ${length}`);
    succeed(ran);
    const digits = [...ran.stdout.matchAll(/^[\da-f]{8}: {2}((?:[\da-f]{2} )+)/gm)].map(([, row]) => row!).join('');
    return Buffer.from(digits.replaceAll(' ', ''), 'hex').toString('latin1');
  }

  /** An image whose data is in a raw file beside it. */
  withDataFile(name: string, dataName: string, command: string): { image: string; data: string } {
    const [image, data] = [join(this.#folder, name), join(this.#folder, dataName)];
    succeed(qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${data},data_file_raw=on`, image, '4M'));
    succeed(qemuIo(image, [command]));
    // What the image says is the name alone, as where both were made in one folder.
    succeed(qemuImg('amend', '-f', 'qcow2', '-o', `data_file=${dataName}`, image));
    return { image, data };
  }

  windowsProgram(name: string): string {
    const path = join(this.#folder, name);
    const bytes = Buffer.alloc(4096);
    bytes.write('MZ', 'latin1');
    writeFileSync(path, bytes);
    return path;
  }
}

function secret(passphrase: string): string[] {
  return ['--object', `secret,id=s,data=${passphrase}`];
}

function runQemuIo(passphrase: string, path: string, format: 'aes' | 'luks', command: string): Ran {
  const node = `driver=qcow2,encrypt.format=${format},encrypt.key-secret=s,file.filename=${path}`;
  return qemuIo(node, [command], [...secret(passphrase), '--image-opts']);
}

function succeed({ code, stdout, stderr }: Ran): void {
  if (code !== 0) throw new Error(`QEMU could not prepare the image: ${stderr || stdout}`);
}
