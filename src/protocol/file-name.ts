/** What the usual file systems take, as UTF-8. */
const NAME_BYTES_MAX = 255;

/**
 * Why a name cannot be an image's, or null: it must name a file everywhere, in the browser's storage and, after a download, on a
 * disk.
 */
export function fileNameProblem(name: string): string | null {
  if (name.trim() === '') return 'A name is needed.';
  if (name !== name.trim()) return 'A name cannot begin or end with a space.';
  if (name === '.' || name === '..') return `'${name}' cannot be a name.`;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[/\\\u0000-\u001f]/.test(name)) return 'A name cannot contain slashes or control characters.';
  if (isTooLong(name)) return `A name cannot be longer than ${NAME_BYTES_MAX} bytes; ä takes two of them.`;
  return null;
}

export function isTooLong(name: string): boolean {
  return new TextEncoder().encode(name).length > NAME_BYTES_MAX;
}
