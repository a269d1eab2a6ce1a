import type { ClusterUse } from '#protocol';

/** A moment as the guide sees it. */
export interface GuideFacts {
  readonly isCut: boolean;
  readonly cut: number;
  /** 0 while the workload is on stage. */
  readonly actIndex: number;
  readonly isAtEnd: boolean;
  /** What the pieces belong to that the cut kept, and that it lost. */
  readonly kept: readonly ClusterUse[];
  readonly lost: readonly ClusterUse[];
}

export interface GuideStep {
  readonly title: string;
  /** What to predict, then what to do to see whether it is so. */
  readonly prompt: string;
  /** What there was to see. */
  readonly insight: string;
  /** What the step is about; the view points to it. */
  readonly target: 'timeline' | 'atoms' | 'transport' | 'costs';
  /** Whether the step was taken, from all moments seen since it began. */
  readonly isDone: (seen: readonly GuideFacts[]) => boolean;
}

/** "See a crash in 60 seconds": short prompts beside the controls; each is answered by doing it. */
export const GUIDE: readonly GuideStep[] = [
  {
    title: 'The power has just failed',
    prompt:
      'The guest wrote one cluster and flushed. While it was writing the second, the power went. Predict: what will it read where it wrote? Press none, then all, under “Not yet flushed”, and look at what the guest sees.',
    insight:
      'The first write was flushed, so it is there whatever you tick. The second reads as zeros even with all its bytes on the media: its mapping was still in the engine’s memory. Nobody had promised it.',
    target: 'atoms',
    isDone: (seen) => seen.some((facts) => facts.isCut && facts.kept.length > 0 && facts.lost.length === 0),
  },
  {
    title: 'Move the moment',
    prompt:
      'Predict: is there any moment at which the first write is lost again after its flush? Drag the red handle, or press comma and full stop, and try a few.',
    insight: 'Wherever you cut, what was acknowledged as durable stays. That promise is what flushes are for.',
    target: 'timeline',
    isDone: (seen) => new Set(seen.filter((facts) => facts.isCut).map((facts) => facts.cut)).size >= 4,
  },
  {
    title: 'The disk reorders',
    prompt:
      'Between two flushes the disk may write in any order. Predict: what if the mapping arrives and its data do not? Put the handle just behind the blue 2 of epoch 3, press none, and tick only the L2 entries.',
    insight:
      'The guest reads zeros where it wrote, which is allowed: it had not been told that they were durable. Refcounts are behind, and the dirty bit says so.',
    target: 'atoms',
    isDone: (seen) => seen.some((facts) => facts.isCut && facts.kept.includes('l2') && facts.lost.includes('data')),
  },
  {
    title: 'Watch the repair',
    prompt: 'Predict: what must the engine read, and what must it write last? Press Reopen, then Play.',
    insight:
      'L1 and L2 are the truth, refcounts follow from them; the dirty bit is cleared last, when all else is durable.',
    target: 'transport',
    isDone: (seen) => seen.some((facts) => facts.actIndex > 0 && facts.isAtEnd),
  },
  {
    title: 'Crash inside the repair',
    prompt:
      'Predict: can a second power cut, in the middle of the repair, do harm? Step back into the repair, pull the plug, and reopen.',
    insight: 'The repair simply ran again. Until its last flush the dirty bit stays set.',
    target: 'transport',
    isDone: (seen) => seen.some((facts) => facts.actIndex > 1),
  },
  {
    title: 'And without lazy refcounts?',
    prompt:
      'Predict: how many writes and flushes do lazy refcounts save here? Compare under “What it costs” below, then try the other scenarios.',
    insight: '',
    target: 'costs',
    isDone: () => false,
  },
];
