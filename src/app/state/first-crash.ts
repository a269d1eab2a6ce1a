import type { Route } from './route.ts';

/** "See a crash in 60 seconds": the lab with a small lazy image, three writes, and the handle in the hand. */
export const FIRST_CRASH: Route = { place: 'lab', params: { guide: '1' } };
