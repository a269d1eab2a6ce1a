import type { Header } from '#engine';

/** Command lines of qemu-img, put to ours and to QEMU's with the same files in the same place. */
export const QUESTIONS = {
  check: ['check', '-f', 'qcow2', 'image.qcow2'],
  info: ['info', '-f', 'qcow2', 'image.qcow2'],
  map: ['map', '-f', 'qcow2', '--output=json', 'image.qcow2'],
  convert: ['convert', '-f', 'qcow2', '-O', 'raw', 'image.qcow2', 'disk.raw'],
  /** Of a copy, since it writes. */
  repair: ['check', '-f', 'qcow2', '-r', 'all', 'repaired.qcow2'],
} as const;

export type Question = keyof typeof QUESTIONS;

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answers {
  readonly said: Readonly<Partial<Record<Question, Answer>>>;
  /** What a successful `convert` wrote. */
  readonly disk: Uint8Array | null;
  /** The copy after `repair`, where it is not too large to look at. */
  readonly repaired: Uint8Array | null;
  /** What a check says of the image as our repair left it; null where that changed nothing, or made a file too long to copy. */
  readonly ourRepair: Answer | null;
}

/** Of a longer file no copy is made. */
export const CONTENT_SIZE_MAX = 256 * 1024 * 1024;

/** How the image that our repair left is checked. */
export const CHECK_OUR_REPAIR = ['check', '-f', 'qcow2', 'ours.qcow2'] as const;

/** Larger disks are not read from end to end. */
const DISK_SIZE_MAX = 64 * 1024 * 1024;

/** Starting QEMU's programs takes most of the time; these two are asked of some images only. */
const ASKED_SELDOM: readonly Question[] = ['info', 'map'];
const SELDOM = 3;

/** Which questions an image is asked: reading all of a disk of exabytes proves nothing. */
export function questionsFor({ virtualSize }: Header, seed: number): readonly Question[] {
  return (Object.keys(QUESTIONS) as Question[]).filter((question) => {
    if (virtualSize > DISK_SIZE_MAX && (question === 'map' || question === 'convert')) return false;
    return seed % SELDOM === 0 || !ASKED_SELDOM.includes(question);
  });
}
