import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const DIST = join(import.meta.dirname, '../../dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** A plain host that knows nothing of the application: a copy of the build in a sub-folder, no header but the type. */
export class StaticHost {
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
  }

  static async start(folder: string): Promise<StaticHost> {
    cpSync(DIST, folder, { recursive: true });
    const server = createServer((request, response) => {
      const path = new URL(request.url!, 'http://host').pathname.replace(/^\/some\/place\//, '') || 'index.html';
      readFile(join(folder, path)).then(
        (body) =>
          response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StaticHost(folder, server);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/some/place/`;
  }

  /** Puts a new version in place of the old: another page, and so another list of files to keep. */
  publish(version: string): void {
    const page = this.#edit('index.html', (html) => html.replace('<html', `<html data-version="${version}"`));
    this.#edit('service-worker.js', (code) =>
      code.replace(/("revision":")[0-9a-f]{32}("\s*,\s*"url":"index\.html")/, `$1${revisionOf(page)}$2`),
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #edit(name: string, change: (text: string) => string): string {
    const file = join(this.#folder, name);
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`nothing to change in ${name}`);
    writeFileSync(file, after);
    return after;
  }
}

function revisionOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
