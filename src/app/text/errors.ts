import type { EngineErrorCode } from '#protocol';

/** A failure in words: what happened, what it means for the data, what can be done. */
export interface ErrorWords {
  readonly code: ErrorCode;
  readonly what: string;
  readonly data: string;
  readonly remedy: string;
  /** The engine's own line, in QEMU's words where QEMU has some. */
  readonly line: string;
}

export type ErrorCode = EngineErrorCode | 'worker-died' | 'bug';

type Words = Omit<ErrorWords, 'code' | 'line'>;

const UNTOUCHED = 'Nothing was changed.';

const WORDS: Record<ErrorCode, Words> = {
  'not-qcow2': {
    what: 'This is not a qcow2 image.',
    data: UNTOUCHED,
    remedy: 'Choose a file that qemu-img or a virtual machine wrote as qcow2.',
  },
  unsupported: {
    what: 'This image uses a feature that the workbench cannot handle yet.',
    data: UNTOUCHED,
    remedy: 'Header and structure can still be looked at.',
  },
  'invalid-image': {
    what: 'A field of the image is outside what the format allows.',
    data: UNTOUCHED,
    remedy: 'Look at the header in Structure; a copy of the image may be intact.',
  },
  passphrase: {
    what: 'The image is encrypted, and was not opened with its passphrase.',
    data: UNTOUCHED,
    remedy: 'Enter the passphrase; without it nobody can read what the disk holds.',
  },
  corrupt: {
    what: 'The image contradicts itself.',
    data: 'Nothing was written, so that it does not get worse.',
    remedy: 'Check it, and look at the repair before applying it.',
  },
  uncounted: {
    what: 'The image refers to a place in its file that it does not count.',
    data: 'Nothing was written, so that it does not get worse.',
    remedy: 'Check it, and look at the repair before applying it.',
  },
  'too-large': {
    what: 'A table of the image would be larger than any program opens.',
    data: UNTOUCHED,
    remedy: 'Check the image; if it is sound, it has reached a limit of the format.',
  },
  'invalid-argument': { what: 'That is not possible.', data: UNTOUCHED, remedy: 'Change the value and try again.' },
  'needs-repair': {
    what: 'The image was not closed cleanly; its refcounts may be behind.',
    data: UNTOUCHED,
    remedy: 'Look at its repair and apply it, then write.',
  },
  'read-only': {
    what: 'This image is open for reading only.',
    data: UNTOUCHED,
    remedy: 'Copy it into the browser to change it.',
  },
  'no-space': {
    what: 'There is no room left on the disk.',
    data: 'The image is as it was before this write.',
    remedy: 'Free some space or delete images here, then try again.',
  },
  quota: {
    what: 'The browser’s storage for this page is full.',
    data: 'The image is as it was before this write.',
    remedy: 'Delete images in the library, or download and delete them.',
  },
  io: {
    what: 'Reading or writing the file failed.',
    data: 'What was acknowledged before is kept; the last operation may be incomplete.',
    remedy: 'Try again. If it happens again, the disk below may be failing.',
  },
  stale: {
    what: 'The file changed on disk after it was opened.',
    data: 'Your changes are kept apart and have not been written.',
    remedy: 'Open the file again to go on with its new content.',
  },
  permission: {
    what: 'The browser no longer has permission for this file.',
    data: 'Nothing is lost; changes that were not saved are kept.',
    remedy: 'Allow access again.',
  },
  locked: {
    what: 'Another tab, another program or the console has this image open.',
    data: UNTOUCHED,
    remedy: 'Let it end or close it there, then try again.',
  },
  'not-found': {
    what: 'There is no such image any more.',
    data: 'It was moved, renamed or deleted.',
    remedy: 'Go back to the library.',
  },
  exists: { what: 'That name is taken.', data: UNTOUCHED, remedy: 'Choose another name.' },
  closed: { what: 'The image was closed meanwhile.', data: UNTOUCHED, remedy: 'Open it again.' },
  cancelled: { what: 'Cancelled.', data: UNTOUCHED, remedy: '' },
  backing: {
    what: 'A backing file is missing or does not fit.',
    data: 'What this image inherits from it cannot be read without it.',
    remedy: 'Grant the backing file in Overview.',
  },
  'data-file': {
    what: 'The file with the data of this image is not here.',
    data: 'Its tables are, and can be checked; what the disk holds cannot be read without that file.',
    remedy: 'Choose the file in Overview.',
  },
  'worker-died': {
    what: 'The engine has stopped.',
    data: 'Images are as the last write left them; one that was being written may be marked dirty.',
    remedy: 'Start the engine again.',
  },
  bug: {
    what: 'The workbench made a mistake.',
    data: 'The operation was stopped.',
    remedy: 'Try again; if it happens again, report it with the line below.',
  },
};

export function describeError(error: unknown): ErrorWords {
  const code = errorCode(error);
  const line = error instanceof Error ? error.message : String(error);
  return { code, line, ...WORDS[code] };
}

/** One line for a toast. */
export function errorSentence(error: unknown): string {
  const { what, data, remedy, line } = describeError(error);
  return [what, line === what ? '' : endSentence(line), data, remedy].filter((part) => part !== '').join(' ');
}

export function errorCode(error: unknown): ErrorCode {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code in WORDS) {
    return error.code as ErrorCode;
  }
  if (error instanceof DOMException) return domCode(error.name);
  return 'bug';
}

export function isCancelled(error: unknown): boolean {
  return errorCode(error) === 'cancelled';
}

function domCode(name: string): ErrorCode {
  switch (name) {
    case 'AbortError':
      return 'cancelled';
    case 'NotAllowedError':
    case 'SecurityError':
      return 'permission';
    case 'NotFoundError':
      return 'not-found';
    case 'NotReadableError':
      return 'stale';
    case 'QuotaExceededError':
      return 'quota';
    case 'NoModificationAllowedError':
      return 'locked';
    default:
      return 'io';
  }
}

function endSentence(line: string): string {
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
