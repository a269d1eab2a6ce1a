import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** Finds what the project depends on: a benchmark runs bundled, somewhere else, but in the folder of the project. */
export const projectRequire = createRequire(resolve('package.json'));
