/** What each feature bit that QEMU knows means, by the name in QEMU's feature name table. */
export const FEATURE_MEANINGS: Readonly<Record<string, string>> = {
  'dirty bit': 'Set while refcounts may be behind. A program that opens the image for writing repairs it first.',
  'corrupt bit': 'Set when a program found a contradiction. The image may then only be read.',
  'external data file': 'Guest data lies in a file of its own; this file holds metadata only.',
  'compression type': 'Clusters are compressed with something other than deflate; see the header field.',
  'extended L2 entries': 'Each L2 entry carries a bitmap of 32 subclusters.',
  'lazy refcounts': 'Refcounts may be written late, under the dirty bit, to save flushes.',
  bitmaps: 'The bitmaps extension is consistent. A program that does not know it clears this bit.',
  'raw external data': 'The data file can be read as a raw image on its own.',
};

export const FEATURE_KIND_WORDS = {
  incompatible: { title: 'Incompatible', about: 'a program that does not know the bit must not open the image' },
  compatible: { title: 'Compatible', about: 'can be ignored by a program that does not know the bit' },
  autoclear: { title: 'Autoclear', about: 'cleared by a program that writes without knowing the bit' },
} as const;
