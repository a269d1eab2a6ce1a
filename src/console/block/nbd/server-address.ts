import { EngineError } from '#engine';
import { takeOption, type Options } from '../../options/options.ts';
import type { SocketAddress } from '../../host.ts';

/** 10809, which is NBD's by assignment. */
const PORT_DEFAULT = '10809';

const PLAIN = ['path', 'host', 'port'] as const;
const STRUCTURED = ['server.type', 'server.path', 'server.host', 'server.port'] as const;

/**
 * Puts options in the place of a name of an export: `nbd://host[:port]/[export]`, `nbd+unix:///[export]?socket=path`,
 * `nbd:host:port[:exportname=export]` or `nbd:unix:path[:exportname=export]`.
 * @throws EngineError invalid-argument with QEMU's text, as all functions here
 */
export function parseServerName(name: string, options: Options): void {
  for (const option of [...PLAIN, ...STRUCTURED]) {
    if (options.has(option)) refuse('host/port/path and file names may not be specified at the same time');
  }
  if (/^nbd(\+\w+)?:\/\//.test(name)) parseUri(name, options);
  else parsePlainName(name.slice('nbd:'.length), options);
}

function parseUri(name: string, options: Options): void {
  const match = /^nbd(\+tcp|\+unix)?:\/\/(\[[^\]]*\]|[^/:?]*)(?::(\d+))?(\/[^?]*)?(?:\?(.*))?$/.exec(name);
  if (match === null) refuseUri();
  const [, transport, host, port, path = '', query] = match;
  const exportName = decodeURIComponent(path.slice(1));
  // For an empty name there is no option, as QEMU's name for the node shows.
  if (exportName !== '') options.set('export', exportName);
  if (transport === '+unix') {
    const socket = /^socket=([^&]*)$/.exec(query ?? '')?.[1];
    if (host !== '' || port !== undefined || socket === undefined) refuseUri();
    options.set('server.type', 'unix');
    options.set('server.path', decodeURIComponent(socket));
    return;
  }
  if (query !== undefined || host === undefined || host === '') refuseUri();
  options.set('server.type', 'inet');
  options.set('server.host', host.replace(/^\[(.*)\]$/, '$1'));
  options.set('server.port', port ?? PORT_DEFAULT);
}

function refuseUri(): never {
  refuse('No valid URL specified');
}

function parsePlainName(name: string, options: Options): void {
  const [, address = '', exportName] = /^(.*?)(?::exportname=(.*))?$/s.exec(name)!;
  // QEMU, too, takes an empty name behind the marker for a name that is missing.
  if (address === '' || exportName === '') refuse('NBD server address missing');
  if (exportName !== undefined) options.set('export', exportName);
  if (address.startsWith('unix:')) {
    options.set('server.type', 'unix');
    options.set('server.path', address.slice('unix:'.length));
    return;
  }
  const colon = address.lastIndexOf(':');
  if (colon < 0) refuse(`error parsing address '${address}'`);
  options.set('server.type', 'inet');
  options.set('server.host', address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'));
  options.set('server.port', address.slice(colon + 1));
}

/** Takes the options that say where the server is. */
export function takeServerAddress(options: Options): SocketAddress {
  const plain = new Map(PLAIN.map((name) => [name, takeOption(options, name)]));
  const isPlain = [...plain.values()].some((value) => value !== undefined);
  const isStructured = STRUCTURED.some((name) => options.has(name));
  if (isPlain && isStructured) refuse("Cannot use 'server' and path/host/port at the same time");
  return isStructured ? takeStructured(options) : addressOf(plain);
}

function addressOf(plain: ReadonlyMap<(typeof PLAIN)[number], string | undefined>): SocketAddress {
  const [path, host] = [plain.get('path'), plain.get('host')];
  if (path !== undefined && host !== undefined) refuse('path and host may not be used at the same time');
  if (path === undefined && host === undefined) refuse('NBD server address missing');
  if (path !== undefined && plain.get('port') !== undefined) refuse('port may not be used without host');
  return path === undefined
    ? { kind: 'inet', host: host!, port: plain.get('port') ?? PORT_DEFAULT }
    : { kind: 'unix', path };
}

function takeStructured(options: Options): SocketAddress {
  const take = (name: string) => takeOption(options, `server.${name}`) ?? refuse(`Parameter '${name}' is missing`);
  const kind = take('type');
  if (kind === 'unix') return { kind, path: take('path') };
  if (kind === 'inet') return { kind, host: take('host'), port: take('port') };
  return refuse(`Parameter 'type' does not accept value '${kind}'`);
}

/** The shortest file name for an export; null stands for none named. */
export function uriOf(address: SocketAddress, exportName: string | null): string {
  const path = exportName === null ? '' : `/${exportName}`;
  return address.kind === 'unix'
    ? `nbd+unix://${path}?socket=${address.path}`
    : `nbd://${address.host}:${address.port}${path}`;
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
