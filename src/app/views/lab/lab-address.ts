import { decodeLabLink, encodeLabLink, type LabLink } from '#protocol';

/** Everything that makes two visits to the lab show the same. */
export interface LabPlace extends LabLink {
  /** The image was opened again after the last crash: its repair is on stage. */
  readonly isReopened: boolean;
  /** Where the player stands in a trace that is not cut; null is its usual place (workload: the end, repair: the start). */
  readonly stop: number | null;
  /** Index of the guide's step, or null without the guide; the address counts from 1. */
  readonly guide: number | null;
}

type Params = Readonly<Record<string, string>>;

/** Null where the address names no scenario, or one that cannot be read. */
export function readPlace(params: Params): LabPlace | null {
  const link = params.s === undefined ? null : decodeLabLink(params.s);
  if (link === null) return null;
  return {
    ...link,
    isReopened: params.open === '1' && link.crashes.length > 0,
    stop: count(params.at),
    guide: guideStep(params.guide),
  };
}

export function placeParams(place: LabPlace): Params {
  return {
    s: encodeLabLink(place),
    ...(place.isReopened ? { open: '1' } : {}),
    ...(place.stop === null ? {} : { at: String(place.stop) }),
    ...(place.guide === null ? {} : { guide: String(place.guide + 1) }),
  };
}

export function isSamePlace(a: Params, b: Params): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}

function count(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null;
}

function guideStep(text: string | undefined): number | null {
  const step = count(text);
  return step === null || step === 0 ? null : step - 1;
}
