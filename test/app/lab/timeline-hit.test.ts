import { describe, expect, it } from 'vitest';
import { stopAt, targetAt } from '../../../src/app/views/lab/timeline-hit.ts';
import { layoutTimeline, TIMELINE, type TimelineSpan } from '../../../src/app/views/lab/timeline-layout.ts';

const span = (begin: number, end: number): TimelineSpan => ({
  label: '',
  tone: 'write',
  begin,
  end,
  isDurableAck: false,
});
const event = { kind: 'write', purpose: 'guest-data', epoch: 0 } as const;
const layout = layoutTimeline([event, event], [span(0, 1), span(1, 1), span(1, 2)], 152);
const inSpans = TIMELINE.spanTop + 2;
const inEvents = TIMELINE.eventTop + 2;

describe('the stop under the pointer', () => {
  it.each([
    [-50, 0],
    [16, 0],
    [35, 0],
    [37, 1],
    [96, 2],
    [5000, 3],
  ])('x %d is nearest to stop %d', (x, stop) => {
    expect(stopAt(layout, x)).toBe(stop);
  });
});

describe('what lies under the pointer', () => {
  it('is an event in the lower track', () => {
    expect(targetAt(layout, 20, inEvents)).toEqual({ kind: 'event', index: 0 });
    expect(targetAt(layout, 100, inEvents)).toEqual({ kind: 'event', index: 1 });
  });

  it('is an operation in the upper track, also one without I/O', () => {
    expect(targetAt(layout, 60, inSpans)).toEqual({ kind: 'span', index: 1 });
  });

  it('is nothing between the tracks, beside them, or where an operation had no I/O', () => {
    expect(targetAt(layout, 20, TIMELINE.spanTop + TIMELINE.spanHeight + 2)).toBeNull();
    expect(targetAt(layout, 2, inEvents)).toBeNull();
    expect(targetAt(layout, 148, inEvents)).toBeNull();
    expect(targetAt(layout, 60, inEvents)).toBeNull();
  });
});
