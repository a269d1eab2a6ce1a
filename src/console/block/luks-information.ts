import { luksInfoLines, type LuksHeader } from '#engine';

/** What QEMU says of a LUKS volume below the rest, as `qemu-img info` and `qemu-io` print it. */
export function luksInformation(header: LuksHeader): string {
  const lines = luksInfoLines(header, { namesFormat: false }).map((line) => `    ${line}\n`);
  return `Format specific information:\n${lines.join('')}`;
}
