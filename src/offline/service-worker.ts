import { SECURITY_HEADERS } from './security-headers.ts';

// Keeps the whole application in a cache, so that it starts without a network. A new version is fetched completely
// beside the old one and then waits: only the page's message (the user pressed Reload) lets it take over.

interface PrecacheEntry {
  readonly url: string;
  readonly revision: string | null;
}

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: readonly PrecacheEntry[] };

const CACHE_PREFIX = 'qcow2-workbench-';
const entries = self.__WB_MANIFEST;
const cacheName = CACHE_PREFIX + fingerprint(entries.map(({ url, revision }) => `${url} ${revision}`).join('\n'));
const shell = new URL('index.html', self.registration.scope).href;

self.addEventListener('install', (event) => event.waitUntil(precache()));
self.addEventListener('activate', (event) => event.waitUntil(takeOver()));
self.addEventListener('message', ({ data }) => {
  if (data === 'take-over') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(answer(request));
});

async function precache(): Promise<void> {
  const cache = await caches.open(cacheName);
  // `reload` keeps the browser's HTTP cache from handing out files of an older version.
  await cache.addAll(entries.map(({ url }) => new Request(new URL(url, self.registration.scope), { cache: 'reload' })));
}

async function takeOver(): Promise<void> {
  // Tabs that still run the version before may load its files later, so one older cache stays.
  const ours = (await caches.keys()).filter((name) => name.startsWith(CACHE_PREFIX) && name !== cacheName);
  await Promise.all(ours.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cached = await lookUp(request.mode === 'navigate' ? shell : request.url);
  return withSecurityHeaders(cached ?? (await fetch(request)));
}

async function lookUp(url: string): Promise<Response | undefined> {
  const cache = await caches.open(cacheName);
  return (await cache.match(url, { ignoreSearch: true })) ?? caches.match(url, { ignoreSearch: true });
}

/** A static host may not send our policy; a worker started from a cached script must be under it all the same. */
function withSecurityHeaders(response: Response): Response {
  // An answer without a readable status (an opaque redirect) cannot be rebuilt.
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** FNV-1a: names the cache after its contents, so that equal versions share it and different ones never mix. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
