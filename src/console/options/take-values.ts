import { EngineError } from '#engine';
import { parseSize } from '../text/sizes.ts';
import { takeOption, type Options } from './options.ts';

const ON = ['on', 'yes', 'true', 'y'];
const OFF = ['off', 'no', 'false', 'n'];

/** Takes an option that is on or off. @throws EngineError invalid-argument with QEMU's text, as all functions here */
export function takeSwitch(options: Options, name: string): boolean | undefined {
  const value = takeOption(options, name);
  if (value === undefined) return undefined;
  if (ON.includes(value)) return true;
  if (OFF.includes(value)) return false;
  return refuse(`Parameter '${name}' expects 'on' or 'off'`);
}

/** Takes a size in bytes, which may have a suffix. */
export function takeSize(options: Options, name: string): number | undefined {
  const value = takeOption(options, name);
  if (value === undefined) return undefined;
  const size = parseSize(value);
  if (typeof size === 'number') return size;
  throw new EngineError('invalid-argument', `Parameter '${name}' expects a non-negative number below 2^64`, {
    hint:
      'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n' + 'and exabytes, respectively.',
  });
}

export function takeNumber(options: Options, name: string): number | undefined {
  const value = takeOption(options, name);
  if (value === undefined) return undefined;
  return /^-?\d+$/.test(value) ? Number(value) : refuse(`Parameter '${name}' expects a number`);
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
