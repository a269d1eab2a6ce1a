import type { ImageId } from './library.ts';
import type { Method } from './methods.ts';

/** A stretch of output; `note` is what the console itself has to say. */
export interface ConsoleText {
  readonly stream: 'out' | 'err' | 'note';
  readonly text: string;
}

/** What a running command line reports: output in order, or that a program waits for a line of input. */
export type ConsoleEvent =
  { readonly kind: 'text'; readonly texts: readonly ConsoleText[] } | { readonly kind: 'wants-line' };

export interface ConsoleEnd {
  readonly exitCode: number;
  /** The last of the output, which was not reported before: the page shows it and the end at once. */
  readonly texts: readonly ConsoleText[];
  /** Images whose bytes changed, new ones included. */
  readonly changed: readonly ImageId[];
}

/** What may stand in the place of a part of the line. */
export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  /** As it has to be typed, quotes included. */
  readonly text: string;
  /** What a list of candidates shows. */
  readonly label: string;
  readonly about: string | null;
}

export interface ConsoleMethods {
  /** Runs a line of the console; `run` names it for `console.input`. Cancelling it is Ctrl+C: it ends with code 130. */
  'console.run': Method<{ run: string; line: string }, ConsoleEnd, ConsoleEvent>;
  /** The next line of standard input of a running line; null is the end of it (Ctrl+D). */
  'console.input': Method<{ run: string; line: string | null }, void>;
  /** How a line can go on at the cursor; one of qemu-io's own lines, or one of the console. */
  'console.complete': Method<{ line: string; cursor: number; isForQemuIo: boolean }, Completion>;
}
