import { TIMELINE, type TimelineLayout } from './timeline-layout.ts';

export type TimelineTarget =
  { readonly kind: 'event'; readonly index: number } | { readonly kind: 'span'; readonly index: number };

/** The stop nearest to `x`. */
export function stopAt(layout: TimelineLayout, x: number): number {
  const stop = Math.round((x - TIMELINE.paddingX) / layout.columnWidth);
  return Math.min(Math.max(0, stop), layout.columns.length);
}

/** What lies under the pointer, for the hover text. */
export function targetAt(layout: TimelineLayout, x: number, y: number): TimelineTarget | null {
  const column = layout.columns[Math.floor((x - TIMELINE.paddingX) / layout.columnWidth)];
  if (column === undefined || x < TIMELINE.paddingX) return null;
  const isIn = (top: number, height: number): boolean => y >= top && y < top + height;
  if (isIn(TIMELINE.spanTop, TIMELINE.spanHeight)) return { kind: 'span', index: column.span };
  if (isIn(TIMELINE.eventTop, TIMELINE.eventHeight) && column.event !== null) {
    return { kind: 'event', index: column.event };
  }
  return null;
}
