import { FIRST_CRASH } from '../state/first-crash.ts';
import { openFiles, pickFiles } from '../state/open-files.ts';
import { IMAGE_TABS, type Place } from '../state/route.ts';
import type { Workbench } from '../state/workbench.svelte.ts';
import { errorSentence } from '../text/errors.ts';
import { PLACE_NAMES, TAB_NAMES } from '../text/places.ts';

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly keys?: string;
  readonly run: () => void;
}

const PLACE_KEYS: Record<Place, string> = { library: 'G L', image: 'G I', lab: 'G C', console: 'G T', help: 'G H' };

/** Everything that the palette offers right now. */
export function listCommands(workbench: Workbench, imageId: string | null, showKeys: () => void): Command[] {
  const { router, library, theme, toasts } = workbench;
  const tabs = imageId === null ? [] : IMAGE_TABS;
  return [
    ...tabs.map((tab) => ({
      id: `tab-${tab}`,
      title: TAB_NAMES[tab],
      group: 'Image',
      run: () => router.go({ place: 'image', id: imageId!, tab, params: {} }),
    })),
    {
      id: 'open',
      title: 'Open a file…',
      group: 'Library',
      run: () => {
        pickFiles().then(
          (files) => openFiles(workbench, files),
          (error: unknown) => toasts.error(errorSentence(error)),
        );
      },
    },
    {
      id: 'new',
      title: 'New image…',
      group: 'Library',
      run: () => {
        router.go({ place: 'library' });
        library.dialog = { kind: 'new' };
      },
    },
    { id: 'crash', title: 'See a crash in 60 seconds', group: 'Crash lab', run: () => router.go(FIRST_CRASH) },
    ...(['library', 'image', 'lab', 'console', 'help'] as const).map((place) => ({
      id: `place-${place}`,
      title: `Go to ${PLACE_NAMES[place]}`,
      group: 'Places',
      keys: PLACE_KEYS[place],
      run: () => router.go(router.lastIn(place)),
    })),
    ...(library.entries ?? []).map((entry) => ({
      id: `image-${entry.id}`,
      title: entry.name,
      group: 'Open image',
      run: () => router.go({ place: 'image', id: entry.id, tab: 'overview', params: {} }),
    })),
    { id: 'theme', title: 'Switch light and dark', group: 'View', run: () => theme.toggle() },
    {
      id: 'theme-system',
      title: 'Follow the system’s light and dark',
      group: 'View',
      run: () => theme.choose('system'),
    },
    { id: 'keys', title: 'Show the keys', group: 'Help', keys: '?', run: showKeys },
  ];
}
