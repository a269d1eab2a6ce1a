import { EngineError, type Storage } from '#engine';
import type { ConsoleHost } from '../../host.ts';
import type { BlockDriver } from '../driver.ts';
import { hasProtocol } from '../path.ts';
import { BLKDEBUG } from './blkdebug.ts';
import { COMPRESS } from './compress.ts';
import { COPY_ON_READ } from './copy-on-read.ts';
import { FILE } from './file.ts';
import { HOST_CDROM, HOST_DEVICE } from './host-device.ts';
import { LUKS } from './luks.ts';
import { NBD } from './nbd.ts';
import { NULL_AIO, NULL_CO } from './null.ts';
import { QCOW2 } from './qcow2.ts';
import { QUORUM } from './quorum.ts';
import { RAW } from './raw.ts';

/** All drivers. A new one is a file of its own and a line here. */
const ALL: readonly BlockDriver[] = [
  BLKDEBUG,
  COMPRESS,
  COPY_ON_READ,
  FILE,
  HOST_CDROM,
  HOST_DEVICE,
  LUKS,
  NBD,
  NULL_AIO,
  NULL_CO,
  QCOW2,
  QUORUM,
  RAW,
];

/** @throws EngineError invalid-argument */
export function driverNamed(name: string): BlockDriver {
  const driver = ALL.find((one) => one.name === name);
  if (driver === undefined) throw new EngineError('invalid-argument', `Unknown driver '${name}'`);
  return driver;
}

/** The format of a file by its first bytes; raw if no driver knows them. */
export function probeDriver(storage: Storage): BlockDriver {
  return ALL.find((driver) => driver.recognises?.(storage) === true) ?? RAW;
}

/**
 * The protocol of a file name: that of its prefix (where one counts), of the device that it is, or a plain file's.
 * @throws EngineError invalid-argument for a prefix that nobody has
 */
export async function protocolOf(
  host: ConsoleHost,
  filename: string,
  { prefixCounts }: { readonly prefixCounts: boolean },
): Promise<BlockDriver> {
  const kind = await host.files.kindOf(filename);
  if (kind === 'character-device' || kind === 'block-device') return HOST_DEVICE;
  if (!prefixCounts || !hasProtocol(filename)) return FILE;
  const prefix = filename.slice(0, filename.indexOf(':'));
  const driver = ALL.find((one) => one.prefixes?.includes(prefix) === true);
  if (driver === undefined) throw new EngineError('invalid-argument', `Unknown protocol '${prefix}'`);
  return driver;
}
