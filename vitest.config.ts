import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { ISOLATION_HEADERS } from './src/offline/security-headers.ts';
import { CHROMIUM_ARGUMENTS, chromiumPath, temporaryProfile } from './test/tools/chromium.ts';

// `node`: everything pure. `oracle`: the same compared with the real qemu-img and qemu-io. `browser`: OPFS, workers and
// markup in Chromium, one file after the other because they share one profile on disk.
const ORACLE = 'test/**/*.oracle.test.ts';
const SEEDED = ['test/tools/seed.ts'];
const BROWSER = 'test/**/*.browser.test.ts';

export default defineConfig({
  test: {
    // One for each processor; by default one is left free, which of two is half.
    maxWorkers: '100%',
    projects: [
      {
        // State classes are tested in Node, where Svelte would otherwise compile runes for server rendering: inert.
        plugins: [svelte({ configFile: false, dynamicCompileOptions: () => ({ generate: 'client' }) })],
        ssr: { noExternal: ['svelte'], resolve: { conditions: ['browser'] } },
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [ORACLE, BROWSER],
          setupFiles: SEEDED,
          testTimeout: 60_000,
        },
      },
      {
        test: { name: 'oracle', include: [ORACLE], setupFiles: SEEDED, testTimeout: 120_000, hookTimeout: 60_000 },
      },
      {
        plugins: [svelte({ configFile: false })],
        // As the page is served: memory can be shared with workers.
        server: { headers: ISOLATION_HEADERS },
        // Found while a test runs, it would reload the page under it.
        optimizeDeps: { include: ['idb-keyval'] },
        test: {
          name: 'browser',
          include: [BROWSER],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            // A profile on disk: in an incognito one OPFS lives in memory and behaves differently.
            provider: playwright({
              persistentContext: temporaryProfile(),
              launchOptions: { executablePath: chromiumPath(), args: CHROMIUM_ARGUMENTS },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
