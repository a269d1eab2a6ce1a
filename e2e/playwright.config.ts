import { createServer, type AddressInfo } from 'node:net';
import { defineConfig } from '@playwright/test';

// The built application on the server that `npm start` uses, on a port of its own. The workers of the run inherit it.
process.env['E2E_PORT'] ??= String(await freePort());
const origin = `http://127.0.0.1:${process.env['E2E_PORT']}`;

export default defineConfig({
  testDir: '.',
  outputDir: '../test-results/e2e',
  // Each test has a browser and a profile of its own; two keep two cores busy.
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env['CI']),
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: { baseURL: origin },
  webServer: {
    command: `npx vite preview --port ${process.env['E2E_PORT']} --strictPort`,
    cwd: '..',
    url: origin,
    reuseExistingServer: false,
  },
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
