import type { ImageId } from '#protocol';
import { browserName } from '../library/image-files.ts';
import { freeName } from '../library/names.ts';

/**
 * What images are called in the console: by their name; a local file whose name is taken has a number in it. The order
 * of the ids decides between local files, so that a name means the same as long as the library is the same.
 */
export function namesOf(images: readonly { readonly id: ImageId; readonly name: string }[]): Map<string, ImageId> {
  const inBrowser = images.filter(({ id }) => browserName(id) !== null);
  const local = images.filter(({ id }) => browserName(id) === null).sort((a, b) => (a.id < b.id ? -1 : 1));
  const names = new Map(inBrowser.map(({ id, name }) => [name, id]));
  for (const { id, name } of local) names.set(freeName(name, [...names.keys()]), id);
  return names;
}
