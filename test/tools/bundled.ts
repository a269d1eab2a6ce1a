import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Bundles a script for Node, for a thread that knows no TypeScript, into a folder; gives its path. */
export async function bundled(script: string, outDir: string): Promise<string> {
  const name = `${basename(script, '.ts')}.mjs`;
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      outDir,
      emptyOutDir: false,
      target: 'node20',
      ssr: `${root}${script}`,
      rolldownOptions: { output: { entryFileNames: name } },
    },
  });
  return `${outDir}/${name}`;
}
