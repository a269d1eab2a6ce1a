import { mustLieInLuksArea } from '../image/image-cipher.ts';
import type { Image } from '../image/image.ts';
import type { SlotStep } from '../luks/key-slots.ts';
import type { LongTask } from '../progress.ts';

/**
 * Writes planned changes of the key slots into an image, each durable before the next.
 * @throws EngineError invalid-image, before anything is written, where one does not fit
 */
export function* applySlotSteps(image: Image, steps: readonly SlotStep[]): LongTask<void> {
  const area = image.head.extensions.luks!;
  for (const { at, bytes } of steps) mustLieInLuksArea(area, at, bytes.length);
  for (const [index, { at, bytes }] of steps.entries()) {
    image.file.write(area.offset + at, bytes, 'header-other');
    image.file.flush('flush-ordering');
    yield { phase: 'amend', done: index + 1, total: steps.length };
  }
}
