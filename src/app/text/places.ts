import type { ImageTab, Place } from '../state/route.ts';

export const PLACE_NAMES: Record<Place, string> = {
  library: 'Library',
  image: 'Image',
  lab: 'Crash lab',
  console: 'Console',
  help: 'Help',
};

export const TAB_NAMES: Record<ImageTab, string> = {
  overview: 'Overview',
  map: 'Map',
  structure: 'Structure',
  guest: 'Guest disk',
  check: 'Check & repair',
};
