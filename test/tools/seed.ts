import fc from 'fast-check';

/**
 * Where the random tests begin: the same place in every run, so that a run that fails says something about the change
 * under test. `npm run fuzz` begins elsewhere each time. Put it into the test's name.
 */
export const SEED = Number(process.env['QCOW2_WORKBENCH_SEED'] ?? 20261126);

fc.configureGlobal({ seed: SEED });
