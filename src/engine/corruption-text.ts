// What QEMU prints where an image contradicts itself.

/** It could get worse, so the image takes no more writes. */
export function markingAsCorrupt(what: string): string {
  return `qcow2: Marking image as corrupt: ${what}; further corruption events will be suppressed`;
}

/** It does no harm, or the image is not written anyway. */
export function imageIsCorrupt(what: string): string {
  return `qcow2: Image is corrupt: ${what}; further non-fatal corruption events will be suppressed`;
}
