// Bundles the programs into single files that Node runs as they are: dist/cli/qemu-img, dist/cli/qemu-io and
// dist/cli/qcow2.py (in the folder OUT instead, if the environment names one).
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const outDir = process.env['OUT'] ?? `${root}dist/cli`;

for (const program of ['qemu-img', 'qemu-io', 'qcow2.py']) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify: true,
      ssr: `${root}src/node/cli/${program}.ts`,
      rolldownOptions: { output: { format: 'cjs', entryFileNames: program, banner: '#!/usr/bin/env node' } },
    },
  });
  chmodSync(`${outDir}/${program}`, 0o755);
}
// The files have no ending, and the package around them is made of modules.
mkdirSync(outDir, { recursive: true });
writeFileSync(`${outDir}/package.json`, '{ "type": "commonjs" }\n');
