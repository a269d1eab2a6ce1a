import type { ImageId } from './library.ts';

/**
 * What images are called in the console: by their name; a local file whose name is taken has a number in it. The order
 * of the ids decides between local files, so that a name means the same as long as the library is the same.
 */
export function consoleNames(images: readonly { readonly id: ImageId; readonly name: string }[]): Map<string, ImageId> {
  const isLocal = ({ id }: { readonly id: ImageId }) => id.startsWith('local:');
  const names = new Map(images.filter((image) => !isLocal(image)).map(({ id, name }) => [name, id]));
  const local = images.filter(isLocal).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, name } of local) names.set(freeName(name, names), id);
  return names;
}

function freeName(wanted: string, taken: ReadonlyMap<string, ImageId>): string {
  const dot = wanted.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ''];
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${stem} ${number}${extension}`;
  return name;
}
