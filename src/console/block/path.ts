/** Whether a name begins with a protocol such as `json:` or `nbd:`; a path never has a colon before its first slash. */
export function hasProtocol(name: string): boolean {
  return /^[^/:]*:/.test(name);
}

export function isAbsolute(name: string): boolean {
  return name.startsWith('/');
}

/** A name beside a file: in its folder, and of its protocol. */
export function joinPath(file: string, name: string): string {
  if (isAbsolute(name)) return name;
  const protocolEnd = hasProtocol(file) ? file.indexOf(':') + 1 : 0;
  return file.slice(0, Math.max(protocolEnd, file.lastIndexOf('/') + 1)) + name;
}

/** A file name without its protocol; one that would now seem to have another gets `./` before it. */
export function withoutProtocol(name: string, protocol: string): string {
  if (!name.startsWith(`${protocol}:`)) return name;
  const path = name.slice(protocol.length + 1);
  return hasProtocol(path) ? `./${path}` : path;
}
