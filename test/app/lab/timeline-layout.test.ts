import { describe, expect, it } from 'vitest';
import {
  cutAtStop,
  layoutTimeline,
  stopOfCut,
  TIMELINE,
  timelineColumns,
  type TimelineEvent,
  type TimelineSpan,
} from '../../../src/app/views/lab/timeline-layout.ts';

const write = (epoch: number): TimelineEvent => ({ kind: 'write', purpose: 'guest-data', epoch });
const flush = (epoch: number): TimelineEvent => ({ kind: 'flush', purpose: 'flush-guest', epoch });
const span = (begin: number, end: number): TimelineSpan => ({
  label: '',
  tone: 'write',
  begin,
  end,
  isDurableAck: false,
});

// A write of one event, a flush without I/O, a write of two events and a flush.
const events = [write(0), write(0), flush(0), write(1)];
const spans = [span(0, 1), span(1, 1), span(1, 3), span(3, 4)];

describe('the columns of a timeline', () => {
  it('give every event a column, and every operation without I/O one of its own', () => {
    expect(timelineColumns(events.length, spans)).toEqual([
      { span: 0, event: 0 },
      { span: 1, event: null },
      { span: 2, event: 1 },
      { span: 2, event: 2 },
      { span: 3, event: 3 },
    ]);
  });

  it('count the events that are done at a stop', () => {
    const columns = timelineColumns(events.length, spans);
    expect([0, 1, 2, 3, 4, 5].map((stop) => cutAtStop(columns, stop))).toEqual([0, 1, 1, 2, 3, 4]);
  });

  it('stop for a cut after the operations without I/O that precede it', () => {
    const columns = timelineColumns(events.length, spans);
    expect([0, 1, 2, 3, 4].map((cut) => stopOfCut(columns, cut))).toEqual([0, 2, 3, 4, 5]);
  });

  it('stop at the end when only operations without I/O follow', () => {
    const columns = timelineColumns(1, [span(0, 1), span(1, 1)]);
    expect(stopOfCut(columns, 1)).toBe(2);
  });
});

describe('the layout of a timeline', () => {
  it('shares the width there is', () => {
    const layout = layoutTimeline(events, spans, 232);
    expect(layout.columnWidth).toBe(40);
    expect(layout.width).toBe(232);
    expect([...layout.eventX]).toEqual([16, 96, 136, 176]);
  });

  it('never makes a column too narrow for a finger, and grows wider than the view instead', () => {
    const layout = layoutTimeline(events, spans, 60);
    expect(layout.columnWidth).toBe(TIMELINE.columnMin);
    expect(layout.width).toBe(2 * TIMELINE.paddingX + 5 * TIMELINE.columnMin);
  });

  it('puts operations side by side over their events', () => {
    const { spans: boxes } = layoutTimeline(events, spans, 232);
    expect(boxes).toEqual([
      { x: 16, width: 40 },
      { x: 56, width: 40 },
      { x: 96, width: 80 },
      { x: 176, width: 40 },
    ]);
  });

  it('ends an epoch with its flush', () => {
    const { epochs } = layoutTimeline(events, spans, 232);
    expect(epochs).toEqual([
      { epoch: 0, x: 16, width: 160 },
      { epoch: 1, x: 176, width: 40 },
    ]);
  });

  it('stands for an empty recording', () => {
    const layout = layoutTimeline([], [], 100);
    expect([...layout.stopX]).toEqual([TIMELINE.paddingX]);
    expect(layout.epochs).toEqual([]);
  });
});
