import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA, type ManifestOptions } from 'vite-plugin-pwa';
import { CONTENT_SECURITY_POLICY, ISOLATION_HEADERS, SECURITY_HEADERS } from './src/offline/security-headers.ts';

export default defineConfig({
  // Relative addresses: the build works in any folder of any static host (places are in the URL's hash).
  base: './',
  plugins: [svelte({ configFile: false }), contentSecurityPolicyMeta(), offlineApplication()],
  worker: { format: 'es' },
  build: { target: 'es2023', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: { host: '127.0.0.1', headers: ISOLATION_HEADERS },
  preview: { host: '127.0.0.1', port: 4173, headers: SECURITY_HEADERS },
});

/** On a host that sends no policy the page is under it from its first visit, before the service worker runs. */
function contentSecurityPolicyMeta(): Plugin {
  const tag = {
    tag: 'meta',
    attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
    injectTo: 'head-prepend' as const,
  };
  return { name: 'content-security-policy-meta', apply: 'build', transformIndexHtml: () => [tag] };
}

function offlineApplication() {
  const manifest: Partial<ManifestOptions> = {
    id: './',
    name: 'qcow2 workbench',
    short_name: 'qcow2',
    description: 'Create, inspect, crash, check and repair qcow2 disk images',
    start_url: './',
    scope: './',
    display: 'standalone',
    background_color: '#14171c',
    theme_color: '#14171c',
    categories: ['developer', 'utilities'],
    icons: [
      { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
      { src: 'icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
      { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
      { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
    file_handlers: [{ action: './', accept: { 'application/x-qemu-disk': ['.qcow2', '.qcow'] } }],
    launch_handler: { client_mode: ['focus-existing', 'auto'] },
  };
  return VitePWA({
    strategies: 'injectManifest',
    srcDir: 'src/offline',
    filename: 'service-worker.ts',
    registerType: 'prompt',
    injectRegister: false,
    manifest,
    injectManifest: {
      // The manifest and its icons come with it.
      globPatterns: ['**/*.{html,js,css}'],
      maximumFileSizeToCacheInBytes: 8 * 2 ** 20,
    },
  });
}
