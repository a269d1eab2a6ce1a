import type { CrashVerdict } from '#protocol';
import type { EventFate } from './event-fates.ts';
import { inkOn, lookOf } from './purpose-look.ts';
import { TIMELINE, type TimelineEvent, type TimelineLayout, type TimelineSpan } from './timeline-layout.ts';

export interface TimelineScene {
  readonly layout: TimelineLayout;
  readonly events: readonly TimelineEvent[];
  readonly spans: readonly TimelineSpan[];
  readonly fates: readonly EventFate[];
  /** Where the power fails, or how far the recording was played. */
  readonly stop: number;
  readonly isPowerCut: boolean;
  readonly hoveredEvent: number | null;
  /** The worst that a cut after each number of events can leave. */
  readonly survey: readonly CrashVerdict[] | null;
}

/** Resolves a design token to a colour; the component reads the style of its canvas. */
export type Palette = (token: string) => string;

export interface Viewport {
  readonly scrollX: number;
  readonly width: number;
}

const ROUND = 4;

/** Draws the part of the timeline that is in sight. The canvas is scaled to CSS pixels already. */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  scene: TimelineScene,
  viewport: Viewport,
  palette: Palette,
): void {
  const { layout } = scene;
  const left = viewport.scrollX - layout.columnWidth;
  const right = viewport.scrollX + viewport.width + layout.columnWidth;
  const isInSight = (x: number, width: number): boolean => x + width >= left && x <= right;

  context.clearRect(0, 0, viewport.width, TIMELINE.height);
  context.save();
  context.translate(-viewport.scrollX, 0);
  context.textBaseline = 'middle';
  drawEpochs(context, scene, palette, isInSight);
  drawSpans(context, scene, palette, isInSight);
  drawSurvey(context, scene, palette);
  scene.events.forEach((event, index) => {
    const x = layout.eventX[index]!;
    if (!isInSight(x, layout.columnWidth)) return;
    if (event.kind === 'flush') drawFlush(context, scene, index, palette);
    else drawEvent(context, scene, index, palette);
  });
  drawDarkness(context, scene, palette);
  context.restore();
}

function drawEpochs(
  context: CanvasRenderingContext2D,
  { layout }: TimelineScene,
  palette: Palette,
  isInSight: (x: number, width: number) => boolean,
): void {
  context.font = `500 10px ${palette('--mono')}`;
  context.textAlign = 'left';
  layout.epochs.forEach((band, index) => {
    if (!isInSight(band.x, band.width)) return;
    if (index % 2 === 0) {
      context.fillStyle = palette('--surface-2');
      context.fillRect(band.x, TIMELINE.eventTop - 6, band.width, TIMELINE.height - TIMELINE.eventTop + 6);
    }
    context.fillStyle = palette('--text-3');
    const label = band.width >= 56 ? `epoch ${band.epoch}` : `${band.epoch}`;
    context.fillText(label, band.x + 4, TIMELINE.epochTop + TIMELINE.epochHeight / 2);
  });
}

function drawSpans(
  context: CanvasRenderingContext2D,
  { layout, spans, stop }: TimelineScene,
  palette: Palette,
  isInSight: (x: number, width: number) => boolean,
): void {
  context.font = `500 11px ${palette('--font')}`;
  context.textAlign = 'left';
  layout.spans.forEach((box, index) => {
    if (!isInSight(box.x, box.width)) return;
    const span = spans[index]!;
    const hasBegun = layout.stopX[stop]! > box.x;
    const y = TIMELINE.spanTop;
    context.globalAlpha = hasBegun ? 1 : 0.55;
    context.fillStyle = palette(span.tone === 'repair' ? '--repair-soft' : '--accent-soft');
    context.beginPath();
    context.roundRect(box.x + 1, y, box.width - 2, TIMELINE.spanHeight, ROUND);
    context.fill();
    if (span.tone !== 'write' && span.tone !== 'repair') {
      context.strokeStyle = palette('--line-strong');
      context.setLineDash(span.tone === 'free' ? [3, 2] : []);
      context.stroke();
      context.setLineDash([]);
    }
    context.save();
    context.clip();
    context.fillStyle = palette('--text');
    const mark = span.isDurableAck ? ' ✓' : '';
    context.fillText(fit(context, span.label, mark, box.width - 12), box.x + 6, y + TIMELINE.spanHeight / 2 + 0.5);
    context.restore();
    context.globalAlpha = 1;
  });
}

/** The label, shortened so that it and its mark fit; the mark alone where nothing else does. */
function fit(context: CanvasRenderingContext2D, label: string, mark: string, width: number): string {
  if (context.measureText(label + mark).width <= width) return label + mark;
  for (let length = label.length - 1; length > 0; length--) {
    const shortened = `${label.slice(0, length).trimEnd()}…${mark}`;
    if (context.measureText(shortened).width <= width) return shortened;
  }
  return mark.trim() || label.slice(0, 1);
}

function drawFlush(context: CanvasRenderingContext2D, scene: TimelineScene, index: number, palette: Palette): void {
  const { layout, fates, hoveredEvent } = scene;
  const middle = layout.eventX[index]! + layout.columnWidth / 2;
  const top = TIMELINE.eventTop - 4;
  context.globalAlpha = fates[index] === 'never' ? 0.35 : 1;
  context.fillStyle = palette(hoveredEvent === index ? '--accent' : '--text');
  context.fillRect(middle - 1.5, top, 3, TIMELINE.eventHeight + 8);
  context.fillRect(middle - 5, top, 10, 3);
  context.fillRect(middle - 5, top + TIMELINE.eventHeight + 5, 10, 3);
  context.globalAlpha = 1;
}

function drawEvent(context: CanvasRenderingContext2D, scene: TimelineScene, index: number, palette: Palette): void {
  const { layout, events, fates, hoveredEvent } = scene;
  const event = events[index]!;
  const fate = fates[index]!;
  const look = lookOf(event.purpose);
  const colour = palette(look.token);
  const size = Math.min(layout.columnWidth - 4, 30);
  const x = layout.eventX[index]! + (layout.columnWidth - size) / 2;
  const y = TIMELINE.eventTop;

  context.globalAlpha = fate === 'never' ? 0.35 : 1;
  context.beginPath();
  context.roundRect(x, y, size, TIMELINE.eventHeight, ROUND);
  const isHollow = fate === 'lost' || event.kind === 'discard' || event.kind === 'truncate';
  context.fillStyle = isHollow ? palette('--surface-1') : colour;
  context.fill();
  if (fate === 'cached') drawHatch(context, x, y, size, palette('--surface-1'));
  if (fate === 'torn') drawTear(context, x, y, size, palette('--surface-1'));
  context.beginPath();
  context.roundRect(x + 0.75, y + 0.75, size - 1.5, TIMELINE.eventHeight - 1.5, ROUND - 0.75);
  context.lineWidth = hoveredEvent === index ? 2.5 : 1.5;
  context.strokeStyle = hoveredEvent === index ? palette('--text') : colour;
  context.setLineDash(fate === 'lost' ? [3, 2] : []);
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 1;

  context.font = `700 12px ${palette('--mono')}`;
  context.textAlign = 'center';
  const isOnColour = !isHollow && fate !== 'torn' && fate !== 'cached';
  context.fillStyle = palette(isOnColour ? inkOn(look.token) : '--text');
  context.fillText(fate === 'lost' ? '×' : look.letter, x + size / 2, y + TIMELINE.eventHeight / 2 + 1);
  context.globalAlpha = 1;
}

/** In the disk's cache only: stripes, as nothing is decided yet. */
function drawHatch(context: CanvasRenderingContext2D, x: number, y: number, size: number, colour: string): void {
  context.save();
  context.clip();
  context.globalAlpha = 0.72;
  context.fillStyle = colour;
  context.fillRect(x, y, size, TIMELINE.eventHeight);
  context.restore();
}

/** Torn: the lower right half did not arrive. */
function drawTear(context: CanvasRenderingContext2D, x: number, y: number, size: number, colour: string): void {
  const bottom = y + TIMELINE.eventHeight;
  context.beginPath();
  context.moveTo(x + size, y);
  context.lineTo(x + size, bottom);
  context.lineTo(x, bottom);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
}

/** After the cut nothing happens any more: the rest lies in the dark. */
function drawDarkness(context: CanvasRenderingContext2D, scene: TimelineScene, palette: Palette): void {
  const { layout, stop, isPowerCut } = scene;
  if (!isPowerCut) return;
  const x = layout.stopX[stop]!;
  context.globalAlpha = 0.1;
  context.fillStyle = palette('--text');
  context.fillRect(x, 0, layout.width - x, TIMELINE.height);
  context.globalAlpha = 1;
}

/** Taller is worse, so that the strip can be read without its colours. */
const SURVEY: Record<CrashVerdict, { readonly token: string; readonly height: number }> = {
  safe: { token: '--sound', height: 2 },
  leaks: { token: '--leak', height: 4 },
  repair: { token: '--repair', height: 6 },
  violation: { token: '--violation', height: 9 },
};

function drawSurvey(context: CanvasRenderingContext2D, { layout, survey }: TimelineScene, palette: Palette): void {
  if (survey === null) return;
  const bottom = TIMELINE.eventTop - 6;
  survey.forEach((verdict, cut) => {
    const x = layout.eventX[cut] ?? layout.stopX.at(-1)!;
    const { token, height } = SURVEY[verdict];
    context.fillStyle = palette(token);
    context.fillRect(x - layout.columnWidth / 2 + 2, bottom - height, layout.columnWidth - 4, height);
  });
}
