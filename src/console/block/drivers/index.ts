import { EngineError, type Storage } from '#engine';
import type { BlockDriver } from '../driver.ts';
import { BLKDEBUG, FILE, HOST_DEVICE, NULL_CO } from './file.ts';
import { QCOW2 } from './qcow2.ts';
import { RAW } from './raw.ts';

/** All drivers, by name. A new one is a file of its own and a line here. */
const DRIVERS: ReadonlyMap<string, BlockDriver> = new Map(
  [BLKDEBUG, FILE, HOST_DEVICE, NULL_CO, QCOW2, RAW].map((driver) => [driver.name, driver]),
);

/** @throws EngineError invalid-argument */
export function driverNamed(name: string): BlockDriver {
  const driver = DRIVERS.get(name);
  if (driver === undefined) throw new EngineError('invalid-argument', `Unknown driver '${name}'`);
  return driver;
}

/** The format of a file by its first bytes; raw if no driver knows them. */
export function probeDriver(storage: Storage): BlockDriver {
  for (const driver of DRIVERS.values()) if (driver.recognises?.(storage) === true) return driver;
  return RAW;
}
