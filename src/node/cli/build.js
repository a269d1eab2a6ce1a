// Bundles the programs: dist/cli/qemu-img, dist/cli/qemu-io and dist/cli/qcow2.py (in the folder OUT instead, if the
// environment names one).
// Each is a launcher for a bundle beside it, with the code that V8 made of the bundle, so that a start need not compile it.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const outDir = process.env['OUT'] ?? `${root}dist/cli`;

// What V8 compiles while these run is kept; it is what most commands need.
const TYPICAL_RUNS = {
  'qemu-img': (image) => ['create', '-q', '-f', 'qcow2', image, '64M'],
  'qemu-io': (image) => ['-f', 'qcow2', '-c', 'write 0 64k', '-c', 'read 0 64k', image],
  'qcow2.py': (image) => [image, 'dump-header'],
};

/**
 * Linux takes some 10 ms for a first look at its list of locks (node/claims.ts). It begins beside the loading of the bundle, where
 * an image may be opened; a system without such a list has nothing to look at.
 */
const LOOK_AT_LOCKS = `if (!/^-+(V|h|version|help)/.test(process.argv[2] ?? '-h')) {
  try {
    const list = openSync('/proc/locks');
    read(list, Buffer.alloc(1), 0, 1, 0, () => close(list, () => {}));
  } catch {}
}
`;

/** Runs a bundle. Another version of Node refuses the compiled code, and compiles the bundle itself. */
const launcher = (program) => `#!/usr/bin/env node
const { close, openSync, read, readFileSync } = require('node:fs');
${program === 'qcow2.py' ? '' : LOOK_AT_LOCKS}const { Script } = require('node:vm');
const filename = __dirname + '/${program}.cjs';
const { WORKBENCH_KEEP_CODE } = process.env;
let cachedData;
try {
  if (WORKBENCH_KEEP_CODE === undefined) cachedData = readFileSync(__dirname + '/${program}.code');
} catch {}
const script = new Script('(function (require, __dirname) {' + readFileSync(filename, 'latin1') + '})', { filename, cachedData });
if (WORKBENCH_KEEP_CODE !== undefined) {
  process.on('exit', () => require('node:fs').writeFileSync(WORKBENCH_KEEP_CODE, script.createCachedData()));
}
script.runInThisContext()(require, __dirname);
`;

/** Escapes in place of what ASCII lacks: as bytes the launcher's source then takes half the memory, and no decoding. */
const asciiOnly = {
  name: 'ascii-only',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      file.code = file.code.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    }
  },
};

// The files of the programs have no ending, and the package around them is made of modules.
mkdirSync(outDir, { recursive: true });
writeFileSync(`${outDir}/package.json`, '{ "type": "commonjs" }\n');
await bundle('codec-worker');
await bundle('socket-thread');
const scratch = mkdtempSync(join(tmpdir(), 'qcow2-workbench-build-'));
try {
  for (const [program, argumentsFor] of Object.entries(TYPICAL_RUNS)) {
    // V8 takes compiled code for a bundle's by its length alone.
    rmSync(`${outDir}/${program}.code`, { force: true });
    await bundle(program);
    writeFileSync(`${outDir}/${program}`, launcher(program));
    chmodSync(`${outDir}/${program}`, 0o755);
    keepCode(program, argumentsFor(join(scratch, 'image.qcow2')));
  }
} finally {
  rmSync(scratch, { recursive: true });
}

function bundle(name) {
  return build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [asciiOnly],
    // Libraries go into the file too.
    ssr: { noExternal: true },
    build: {
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify: true,
      ssr: `${root}src/node/cli/${name}.ts`,
      rolldownOptions: { output: { format: 'cjs', entryFileNames: `${name}.cjs` } },
    },
  });
}

function keepCode(program, args) {
  const env = { ...process.env, WORKBENCH_KEEP_CODE: `${outDir}/${program}.code` };
  const { status, stderr } = spawnSync(process.execPath, [`${outDir}/${program}`, ...args], { env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr.toString()}`);
}
