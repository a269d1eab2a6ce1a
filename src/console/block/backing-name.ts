/** The backing file's name as to be opened: a relative one counts from the folder of the overlay. */
export function backingNameOf(overlay: string, backing: string): string {
  if (backing.startsWith('/') || hasProtocol(backing)) return backing;
  const folder = overlay.slice(0, overlay.lastIndexOf('/') + 1);
  return folder + backing;
}

/** Whether a name begins with a protocol such as `json:` or `nbd:`; a path never has a colon before its first slash. */
export function hasProtocol(name: string): boolean {
  return /^[^/]*:/.test(name);
}
