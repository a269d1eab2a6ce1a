import { EngineError } from '#engine';

const NAME_LENGTH_MAX = 200;

/** Throws unless `name` can name a file everywhere: in the browser's storage and, after a download, on a disk. */
export function mustBeFileName(name: string): void {
  const problem = problemOf(name);
  if (problem !== null) throw new EngineError('invalid-argument', problem);
}

function problemOf(name: string): string | null {
  if (name.trim() === '') return 'An image needs a name.';
  if (name !== name.trim()) return 'A name cannot begin or end with a space.';
  if (name === '.' || name === '..') return `'${name}' cannot be a name.`;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[/\\\u0000-\u001f]/.test(name)) return 'A name cannot contain slashes or control characters.';
  if (name.length > NAME_LENGTH_MAX) return `A name cannot be longer than ${NAME_LENGTH_MAX} characters.`;
  return null;
}

/** `wanted`, or with a number before its extension where that is taken. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const dot = wanted.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ''];
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) name = `${stem} ${number}${extension}`;
  return name;
}
