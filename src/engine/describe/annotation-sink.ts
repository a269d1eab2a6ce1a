import type { FieldSpec, StructLayout } from '../bytes/struct.ts';
import { fieldSize } from '../bytes/struct.ts';
import type { HostOffset } from '../format/addresses.ts';
import { exactValue, fieldTarget, fieldText } from './field-text.ts';
import type { Annotation } from './use.ts';

/** Collects the annotations that touch a host range. */
export class AnnotationSink {
  readonly start: HostOffset;
  readonly end: HostOffset;
  readonly annotations: Annotation[] = [];

  constructor(start: HostOffset, length: number) {
    this.start = start;
    this.end = start + length;
  }

  wants(at: HostOffset, length: number): boolean {
    return at < this.end && at + length > this.start;
  }

  add(
    at: HostOffset,
    length: number,
    text: Pick<Annotation, 'label' | 'value' | 'meaning'> & { target?: number | null },
  ) {
    if (length > 0 && this.wants(at, length)) this.annotations.push({ at, length, target: null, ...text });
  }

  /** Adds the fields of a structure whose bytes start at `at`, as many of them as lie before `end`. */
  addStruct<S extends Record<string, FieldSpec>>(
    layout: StructLayout<S>,
    bytes: Uint8Array,
    at: HostOffset,
    { prefix = '', end = layout.size }: { prefix?: string; end?: number } = {},
  ): void {
    for (const [name, field] of Object.entries(layout.fields)) {
      const length = fieldSize(field);
      if (field.at + length > end) continue;
      const value = exactValue(bytes, field);
      this.add(at + field.at, length, {
        label: prefix + name,
        value: fieldText(name, value),
        meaning: field.meaning,
        target: fieldTarget(name, value),
      });
    }
  }

  /** In file order, the longer first where two start together. */
  sorted(): Annotation[] {
    return this.annotations.sort((a, b) => a.at - b.at || b.length - a.length);
  }
}
