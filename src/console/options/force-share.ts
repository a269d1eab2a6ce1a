import type { Options } from './options.ts';
import { takeSwitch } from './take-values.ts';

/** Adds to options that others may write to the file at the same time; false where they say the opposite. */
export function shareIn(options: Options): boolean {
  if (takeSwitch(options, 'force-share') === false) return false;
  options.set('force-share', 'on');
  return true;
}
