// Runs benchmarks: `node test/bench/run.js codec`, or all without a name. Each is bundled first, as the product is: run
// module by module in a test runner, every name from another module would cost a look-up, and as an ES module V8 (of Node 20)
// runs the codecs a fourth slower than the programs do, which are CommonJS. And each has a process of its own: in this one,
// every garbage collection would go through the bundler's heap too.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';

const folder = import.meta.dirname;
const SUFFIX = '.bench.ts';
const wanted = process.argv.slice(2);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}; there are: ${names.join(', ')}`);
  process.exit(1);
}

// Certificates that every start of Node reads, where the environment names some, are no part of what is measured.
const env = { ...process.env };
delete env.NODE_EXTRA_CA_CERTS;
const output = mkdtempSync(join(tmpdir(), 'qcow2-workbench-bench-'));
try {
  for (const name of wanted.length > 0 ? wanted : names) {
    await build({
      configFile: false,
      root: join(folder, '../..'),
      logLevel: 'warn',
      ssr: { noExternal: true },
      build: {
        ssr: join(folder, name + SUFFIX),
        outDir: output,
        emptyOutDir: false,
        target: 'node20',
        rolldownOptions: {
          output: { format: 'cjs', exports: 'named', entryFileNames: `${name}.cjs`, footer: 'exports.default();' },
        },
      },
    });
    const { status } = spawnSync(process.execPath, [join(output, `${name}.cjs`)], { stdio: 'inherit', env });
    if (status !== 0) {
      process.exitCode = 1;
      break;
    }
  }
} finally {
  rmSync(output, { recursive: true });
}
