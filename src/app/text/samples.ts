import type { SampleName } from '#protocol';

export const SAMPLE_WORDS: Readonly<Record<SampleName, { readonly title: string; readonly about: string }>> = {
  'dirty-after-crash': {
    title: 'Dirty after a crash',
    about: 'Lazy refcounts, and the power failed: data is there, refcounts are behind.',
  },
  'leaked-clusters': {
    title: 'Leaked clusters',
    about: 'Clusters with a refcount that nothing refers to. Space is lost, data is not.',
  },
  'cross-linked': {
    title: 'Cross-linked clusters',
    about: 'Two guest addresses share one cluster: one of them shows the other’s data.',
  },
  'with-snapshots': {
    title: 'With snapshots',
    about: 'Sound. Two internal snapshots share clusters with the active disk.',
  },
  compressed: {
    title: 'Compressed',
    about: 'Sound. Compressed clusters lie packed, several in one host cluster.',
  },
  'version-2': {
    title: 'Version 2',
    about: 'Sound. The older format: no feature bits, so no dirty bit either.',
  },
  'backing-chain': {
    title: 'Backing chain',
    about: 'Sound. A thin overlay over a base image that was granted to it.',
  },
};
