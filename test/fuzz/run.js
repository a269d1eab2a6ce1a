// Fuzzes the engine and our qemu-img with broken images, beside the real qemu-img (`npm run fuzz:images`).
// FUZZ_COUNT images (10,000) from FUZZ_SEED (1) on, in batches, each in a process of its own with limits of time and memory.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** @typedef {{ reasons: [string, number][], defects: string[], peakMemory: number }} BatchResult */

const FIRST = Number(process.env['FUZZ_SEED'] ?? 1);
const COUNT = Number(process.env['FUZZ_COUNT'] ?? 10_000);
const BATCH = 20;
/** A batch takes seconds; on a busy machine a minute. */
const TIME_MAX = Number(process.env['FUZZ_BATCH_SECONDS'] ?? 600) * 1000;
/** Bytes of all of the process, Node's own included. */
const MEMORY_MAX = 1024 * 1024 * 1024;

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-fuzzer-'));
const startedAt = performance.now();
/** @type {Map<string, number>} */
const reasons = new Map();
/** @type {string[]} */
const defects = [];
let peakMemory = 0;
let done = 0;
let isStopped = false;
// Ctrl+C ends after the batches under way, with the sums so far.
process.once('SIGINT', () => (isStopped = true));

try {
  await bundle();
  let next = FIRST;
  const workOff = async () => {
    while (next < FIRST + COUNT && !isStopped) {
      const first = next;
      next += BATCH;
      await runBatch(first, Math.min(BATCH, FIRST + COUNT - first));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, workOff));
} finally {
  rmSync(folder, { recursive: true });
}
report();
process.exitCode = defects.length === 0 && done === COUNT ? 0 : 1;

/** Node runs no TypeScript everywhere; one file also starts faster. */
async function bundle() {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      ssr: join(root, 'test/fuzz/worker.ts'),
      rolldownOptions: { output: { format: 'es', entryFileNames: 'worker.js', codeSplitting: false } },
    },
  });
  copyFileSync(join(root, 'test/fuzz/ask-qemu.sh'), join(folder, 'ask-qemu.sh'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
}

/** @param {number} first @param {number} count @returns {Promise<void>} */
function runBatch(first, count) {
  const heap = `--max-old-space-size=${MEMORY_MAX / 2 ** 20}`;
  const args = [heap, join(folder, 'worker.js'), String(first), String(count)];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { timeout: TIME_MAX, killSignal: 'SIGKILL', maxBuffer: 2 ** 28 },
      (error, stdout) => {
        const seeds = `seeds ${first} to ${first + count - 1}`;
        if (error !== null) {
          const why = error.killed ? `no end after ${TIME_MAX / 1000} s` : error.message.slice(0, 2000);
          tell(`${seeds}: ${why}`);
        } else {
          take(seeds, JSON.parse(stdout));
          done += count;
          if (done % 200 < BATCH) console.log(`${done} of ${COUNT}, ${minutes()} min, ${defects.length} defects`);
        }
        resolve();
      },
    );
  });
}

/** @param {string} seeds @param {BatchResult} result */
function take(seeds, result) {
  for (const [reason, count] of result.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  for (const defect of result.defects) tell(defect);
  peakMemory = Math.max(peakMemory, result.peakMemory);
  if (result.peakMemory > MEMORY_MAX) tell(`${seeds}: ${Math.round(result.peakMemory / 2 ** 20)} MiB of memory`);
}

/** @param {string} defect */
function tell(defect) {
  defects.push(defect);
  console.log(defect);
}

function report() {
  console.log(`\n${done} images in ${minutes()} minutes, at most ${Math.round(peakMemory / 2 ** 20)} MiB a process`);
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]))
    console.log(`${String(count).padStart(6)}  ${reason}`);
  console.log(`${String(defects.length).padStart(6)}  defects`);
}

function minutes() {
  return ((performance.now() - startedAt) / 60_000).toFixed(1);
}
