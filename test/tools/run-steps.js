// Runs every step of the test run one after the other, goes on after a failure, and closes with one line of sums.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number, failures?: string[] }} Counts */

const RESULTS = 'test-results';
const hasQemu = ['qemu-img', 'qemu-io'].every((program) => spawnSync(program, ['--version']).status === 0);
const withoutQemu = !hasQemu && process.env['QCOW2_WORKBENCH_WITHOUT_QEMU'] === '1';

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });

const steps = [
  command('types', 'npm run --silent check:types'),
  command('lint', 'npm run --silent check:lint'),
  vitest('unit', 'node'),
  vitest('browser', 'browser'),
  withoutQemu ? leftOut('oracle', 'no qemu-img here, and QCOW2_WORKBENCH_WITHOUT_QEMU=1') : vitest('oracle', 'oracle'),
  withoutQemu || process.getuid?.() !== 0
    ? leftOut('qemu-iotests', 'bringing the suite takes root on Debian; see test/iotests/README.md')
    : suite('qemu-iotests', 'bash test/iotests/suite.sh --quick'),
  command('build', 'npm run --silent build -- --logLevel warn'),
  playwright('end-to-end'),
];

/** @type {Counts} */
const sum = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
/** @type {string[]} */
const failures = [];
for (const { name, run } of steps) {
  console.log(`\n=== ${name}`);
  const startedAt = performance.now();
  /** @type {Counts} */
  const counts = run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  lines.push(`${name.padEnd(12)} ${inWords(counts)} (${seconds} s)`);
  sum.passed += counts.passed;
  sum.failed += counts.failed;
  sum.skipped += counts.skipped;
  failures.push(...(counts.failures ?? []).map((failure) => `${name}: ${failure}`));
}
// Again at the end: what stands far above is often not kept.
if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}`);
console.log(`\n${lines.join('\n')}\n`);
console.log(inWords(sum));
process.exitCode = sum.failed === 0 ? 0 : 1;

/** A step that is right or wrong as a whole.
 * @param {string} name @param {string} line */
function command(name, line) {
  return {
    name,
    run: () => {
      const isGood = shell(line);
      console.log(isGood ? `${name}: good` : `${name}: FAILED (${line})`);
      return isGood ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
    },
  };
}

/** @param {string} name @param {string} project */
function vitest(name, project) {
  const report = `${RESULTS}/${name}.json`;
  const line = `npx vitest run --project ${project} --reporter=dot --reporter=json --outputFile.json=${report}`;
  return {
    name,
    run: () => {
      const isGood = shell(line);
      return readCounts(report, isGood, (result) => ({
        passed: result.numPassedTests,
        failed: result.numFailedTests,
        skipped: result.numPendingTests + result.numTodoTests,
        failures: vitestFailures(result),
      }));
    },
  };
}

/** @param {string} name */
function playwright(name) {
  const report = `${RESULTS}/${name}.json`;
  const line = 'npx playwright test -c e2e/playwright.config.ts --reporter=list,json';
  return {
    name,
    run: () => {
      const isGood = shell(line, { PLAYWRIGHT_JSON_OUTPUT_FILE: report });
      return readCounts(report, isGood, ({ stats, suites }) => ({
        passed: stats.expected + stats.flaky,
        failed: stats.unexpected,
        skipped: stats.skipped,
        failures: playwrightFailures(suites),
      }));
    },
  };
}

/** @param {{ testResults: any[] }} result @returns {string[]} */
function vitestFailures({ testResults }) {
  return testResults.flatMap((/** @type {any} */ { assertionResults, status, message, name }) => {
    const failed = assertionResults.filter((/** @type {any} */ test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${name}\n  ${firstLine(message)}`];
    return failed.map((/** @type {any} */ test) => `${test.fullName}\n  ${firstLine(test.failureMessages[0])}`);
  });
}

/** @param {any[]} suites @returns {string[]} */
function playwrightFailures(suites = []) {
  return suites.flatMap(({ file, specs = [], suites: inner }) => [
    ...specs
      .filter((/** @type {any} */ { ok }) => !ok)
      .map((/** @type {any} */ { title, tests }) => `${file} › ${title}\n  ${firstLine(errorOf(tests))}`),
    ...playwrightFailures(inner),
  ]);
}

/** @param {any[]} tests */
function errorOf(tests) {
  return tests.flatMap(({ results }) => results.flatMap((/** @type {any} */ { errors }) => errors))[0]?.message;
}

/** @param {string | undefined} text */
function firstLine(text = 'no reason given') {
  return text.split('\n', 1)[0];
}

/** A suite whose last line is its sum.
 * @param {string} name @param {string} line */
function suite(name, line) {
  return {
    name,
    run: () => {
      const { status, stdout } = spawnSync(line, {
        shell: true,
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
      });
      process.stdout.write(stdout);
      const sums = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout.trimEnd().split('\n').at(-1) ?? '');
      if (sums === null) return { passed: 0, failed: 1, skipped: 0 };
      const [passed, failed, skipped] = sums.slice(1).map(Number);
      const failures = stdout.match(/^\S+ +fail.*$/gm) ?? [];
      return { passed, failed: status === 0 ? failed : Math.max(1, failed), skipped, failures };
    },
  };
}

/** @param {string} name @param {string} why */
function leftOut(name, why) {
  return {
    name,
    run: () => {
      console.log(`left out: ${why}`);
      return { passed: 0, failed: 0, skipped: 1 };
    },
  };
}

/** @param {string} line @param {Record<string, string>} [environment] */
function shell(line, environment = {}) {
  const { status } = spawnSync(line, { shell: true, stdio: 'inherit', env: { ...process.env, ...environment } });
  return status === 0;
}

/** A runner that broke before or after its tests (a file that does not load, an unhandled error) is one failure more.
 * @param {string} report @param {boolean} isGood @param {(report: any) => Counts} counts @returns {Counts} */
function readCounts(report, isGood, counts) {
  let result;
  try {
    result = counts(JSON.parse(readFileSync(report, 'utf8')));
  } catch (error) {
    console.log(`no readable report: ${error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return !isGood && result.failed === 0 ? { ...result, failed: 1 } : result;
}

/** @param {Counts} counts */
function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
