import { drain } from '#engine';
import type { LibraryEntry, SampleName } from '#protocol';
import { copyStorage } from '../library/copy.ts';
import { browserId } from '../library/image-files.ts';
import type { Library } from '../library/library.ts';
import { makeSample } from './recipes.ts';

/** Makes a sample and puts it into the library under a name that is free; its backing files are given to it. */
export async function addSample(library: Library, sample: SampleName): Promise<LibraryEntry> {
  const files = makeSample(sample, await library.freeName(`${sample}.qcow2`));
  let entry: LibraryEntry | null = null;
  for (const { name, bytes } of files) {
    entry = await library.add(name, (storage) => drain(copyStorage(bytes, storage)), entry?.id ?? null);
  }
  return entry ?? library.entry(browserId(sample));
}
