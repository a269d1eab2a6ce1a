import type { CheckOutcome, ImageProblem, ImageSummary, Verdict } from '#protocol';
import type { Tone } from '../ui/tone.ts';

export interface StateWords {
  readonly tone: Tone;
  /** Two or three words for a chip. */
  readonly short: string;
  readonly sentence: string;
  readonly detail: string;
}

/** What the header alone tells, before a check. */
export function stateWords(about: ImageSummary | ImageProblem): StateWords {
  if (about.kind === 'problem') return problemWords(about);
  switch (about.state) {
    case 'clean':
      return {
        tone: 'neutral',
        short: 'clean',
        sentence: 'Closed cleanly.',
        detail: 'A check compares every reference with its refcount.',
      };
    case 'dirty':
      return {
        tone: 'repair',
        short: 'dirty',
        sentence: 'Closed in the middle of writing.',
        detail:
          'Its refcounts may be behind, as lazy refcounts leave them after a crash. Opening it for writing brings them up to date; nothing is written before you have seen the steps.',
      };
    case 'corrupt':
      return {
        tone: 'violation',
        short: 'marked corrupt',
        sentence: 'Marked corrupt by the program that last wrote it.',
        detail: 'It can be read, but not written until a check and repair clears the mark.',
      };
  }
}

/** What a check has found; the engine makes the sentence. */
export function outcomeWords({ verdict }: CheckOutcome): StateWords {
  const { tone, short } = LEVELS[verdict.level];
  return { tone, short, sentence: verdict.sentence, detail: verdict.detail };
}

const LEVELS: Record<Verdict['level'], { tone: Tone; short: string }> = {
  sound: { tone: 'sound', short: 'sound' },
  leaks: { tone: 'leak', short: 'leaks space' },
  'needs-repair': { tone: 'repair', short: 'needs repair' },
  damaged: { tone: 'violation', short: 'damaged' },
  unreadable: { tone: 'violation', short: 'unreadable' },
};

function problemWords({ code, message, firstBytes }: ImageProblem): StateWords {
  if (code === 'permission') {
    return {
      tone: 'neutral',
      short: 'needs permission',
      sentence: 'The browser asks again before it reads this file.',
      detail: 'Local files are closed when the page is. Your unsaved changes are kept.',
    };
  }
  if (code === 'stale') {
    return {
      tone: 'repair',
      short: 'changed on disk',
      sentence: 'The file changed on disk after it was opened.',
      detail:
        'Changes that you had not saved were made to the older content. Open the file as it is now, or discard them.',
    };
  }
  if (code === 'not-qcow2') {
    return {
      tone: 'violation',
      short: 'not qcow2',
      sentence: `This is not a qcow2 image: ${startOfFile(firstBytes)}.`,
      detail: `${message}. Nothing was changed.`,
    };
  }
  return { tone: 'violation', short: 'cannot be opened', sentence: message, detail: 'Nothing was changed.' };
}

const SIGNATURES: readonly { readonly bytes: readonly number[]; readonly name: string }[] = [
  { bytes: [0x4d, 0x5a], name: 'a Windows program' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], name: 'a Linux program (ELF)' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: 'a ZIP archive' },
  { bytes: [0x1f, 0x8b], name: 'gzip-compressed data' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], name: 'zstd-compressed data' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: 'xz-compressed data' },
  { bytes: [0x4b, 0x44, 0x4d], name: 'a VMDK image' },
  { bytes: [0x63, 0x6f, 0x6e, 0x65, 0x63, 0x74, 0x69, 0x78], name: 'a VHD image' },
  { bytes: [0x76, 0x68, 0x64, 0x78, 0x66, 0x69, 0x6c, 0x65], name: 'a VHDX image' },
  { bytes: [0x51, 0x45, 0x44, 0x00], name: 'a QED image' },
  { bytes: [0x25, 0x50, 0x44, 0x46], name: 'a PDF document' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], name: 'a PNG picture' },
  { bytes: [0xff, 0xd8, 0xff], name: 'a JPEG picture' },
  { bytes: [0xeb], name: 'a boot sector, perhaps a raw disk' },
];

function startOfFile(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes.every((byte) => byte === 0)) return 'it starts with zeros, perhaps a raw disk';
  const signature = SIGNATURES.find((candidate) => candidate.bytes.every((byte, index) => bytes[index] === byte));
  const shown = Array.from(bytes.subarray(0, signature?.bytes.length ?? 4), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join(' ');
  return `it starts with ${shown}${signature === undefined ? '' : `, ${signature.name}`}`;
}
