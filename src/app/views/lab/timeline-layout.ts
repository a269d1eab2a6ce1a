import type { RecordedEvent } from '#protocol';

export type TimelineEvent = Pick<RecordedEvent, 'kind' | 'purpose' | 'epoch'>;

/** A guest operation, or a stage of a repair: what caused the events from `begin` to before `end`. */
export interface TimelineSpan {
  readonly label: string;
  readonly tone: 'write' | 'flush' | 'free' | 'repair';
  readonly begin: number;
  readonly end: number;
  /** The guest was promised that this and everything before it is durable. */
  readonly isDurableAck: boolean;
}

/** One place in the row: an event, or (`event` null) an operation that caused none. */
export interface TimelineColumn {
  readonly span: number;
  readonly event: number | null;
}

/**
 * A column for each event in order, and an empty one for an operation without I/O (a flush with nothing to write, the
 * reading stages of a repair), so that everything that happens has a place.
 */
export function timelineColumns(eventCount: number, spans: readonly TimelineSpan[]): TimelineColumn[] {
  const columns: TimelineColumn[] = [];
  let next = 0;
  spans.forEach((span, index) => {
    if (span.end <= span.begin) columns.push({ span: index, event: null });
    for (; next < span.end; next++) columns.push({ span: index, event: next });
  });
  for (; next < eventCount; next++) columns.push({ span: spans.length - 1, event: next });
  return columns;
}

/** A stop is the moment before column `stop`; that many events were issued by then. */
export function cutAtStop(columns: readonly TimelineColumn[], stop: number): number {
  let cut = 0;
  for (let index = 0; index < stop && index < columns.length; index++) if (columns[index]!.event !== null) cut++;
  return cut;
}

/** The latest moment at which exactly `cut` events were issued: operations without I/O are over by then. */
export function stopOfCut(columns: readonly TimelineColumn[], cut: number): number {
  const next = columns.findIndex((column) => column.event === cut);
  return next < 0 ? columns.length : next;
}

export interface TimelineBox {
  readonly x: number;
  readonly width: number;
}

/** Where everything stands, in CSS pixels from the left edge of the whole (scrolled) timeline. */
export interface TimelineLayout {
  readonly columns: readonly TimelineColumn[];
  readonly columnWidth: number;
  readonly width: number;
  readonly stopX: Float64Array;
  /** Left edge of each event's column. */
  readonly eventX: Float64Array;
  readonly spans: readonly TimelineBox[];
  readonly epochs: readonly (TimelineBox & { readonly epoch: number })[];
}

export const TIMELINE = {
  paddingX: 16,
  columnMin: 24,
  columnMax: 48,
  spanTop: 6,
  spanHeight: 26,
  eventTop: 48,
  eventHeight: 28,
  epochTop: 84,
  epochHeight: 16,
  height: 102,
} as const;

/** Columns share the width there is, down to a size that a finger can hit; beyond that the timeline scrolls. */
export function layoutTimeline(
  events: readonly TimelineEvent[],
  spans: readonly TimelineSpan[],
  availableWidth: number,
): TimelineLayout {
  const columns = timelineColumns(events.length, spans);
  const room = (availableWidth - 2 * TIMELINE.paddingX) / Math.max(1, columns.length);
  const columnWidth = Math.min(TIMELINE.columnMax, Math.max(TIMELINE.columnMin, Math.floor(room)));
  const stopX = Float64Array.from({ length: columns.length + 1 }, (_, stop) => TIMELINE.paddingX + stop * columnWidth);
  const eventX = new Float64Array(events.length);
  columns.forEach((column, index) => {
    if (column.event !== null) eventX[column.event] = stopX[index]!;
  });
  return {
    columns,
    columnWidth,
    width: Math.max(availableWidth, columns.length * columnWidth + 2 * TIMELINE.paddingX),
    stopX,
    eventX,
    spans: spanBoxes(columns, spans.length, columnWidth),
    epochs: epochBands(events, eventX, columnWidth),
  };
}

function spanBoxes(columns: readonly TimelineColumn[], spanCount: number, columnWidth: number): TimelineBox[] {
  const boxes = Array.from({ length: spanCount }, () => ({ x: 0, width: 0 }));
  columns.forEach(({ span }, index) => {
    const box = boxes[span];
    if (box === undefined) return;
    if (box.width === 0) box.x = TIMELINE.paddingX + index * columnWidth;
    box.width += columnWidth;
  });
  return boxes;
}

function epochBands(events: readonly TimelineEvent[], eventX: Float64Array, columnWidth: number) {
  const bands: (TimelineBox & { epoch: number })[] = [];
  let first = 0;
  for (let index = 1; index <= events.length; index++) {
    if (index < events.length && events[index]!.epoch === events[first]!.epoch) continue;
    const x = eventX[first]!;
    bands.push({ epoch: events[first]!.epoch, x, width: eventX[index - 1]! + columnWidth - x });
    first = index;
  }
  return bands;
}
