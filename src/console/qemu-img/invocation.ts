import { isEngineError, type CacheMode } from '#engine';
import type { Report } from '../block/driver.ts';
import { openBlock, openToCheck, type OpenRequest } from '../block/open.ts';
import type { BlockNode } from '../block/node.ts';
import type { ConsoleHost } from '../host.ts';
import { parseCacheMode } from '../options/cache-mode.ts';
import { shareIn } from '../options/force-share.ts';
import { getopt, type GetoptProblem, type OptionSpec } from '../options/getopt.ts';
import type { ObjectTable } from '../options/object-table.ts';
import { defineObject, ObjectHelp } from '../options/objects.ts';
import { parseOptions, parsePairs, takeChild, type Options } from '../options/options.ts';
import { parseSize } from '../text/sizes.ts';
import { strerror } from '../text/strerror.ts';
import { HelpWanted, ImgFailure, misused, mustBeEngineError, openFailure } from './failure.ts';
import { isJsonOutput } from './json-output.ts';

/** A sub-command of qemu-img; returns the exit code. */
export type ImgCommand = (host: ConsoleHost, args: readonly string[]) => Promise<number>;

export interface GivenOption {
  readonly name: string;
  readonly value: string;
}

/** What a sub-command understands. */
export interface CommandSpec extends OptionSpec {
  readonly name: string;
  /** Judges an option where it stands, and takes warnings: of several that are wrong the first is told. @throws ImgFailure */
  readonly judge?: (option: GivenOption, report: Report) => void;
  /** An option that all the others have. */
  readonly lacks?: 'object' | 'image-opts';
  /** Of an object that cannot be; 1 otherwise. */
  readonly objectFailureCode?: number;
  /** Leaves a problem to the C library to tell, and prints the help. */
  readonly helpsWithProblems?: boolean;
}

/** The arguments of a sub-command, sorted out. */
export class Invocation {
  readonly host: ConsoleHost;
  readonly words: readonly string[];
  /** Every option as given, in order, for commands in which the order counts. */
  readonly given: readonly GivenOption[];
  /** What `--object` defined. */
  readonly objects: ObjectTable;
  readonly #values = new Map<string, string[]>();

  /** @throws ImgFailure for options that the sub-command does not know or objects that cannot be, HelpWanted, ObjectHelp */
  static async of(host: ConsoleHost, args: readonly string[], spec: CommandSpec): Promise<Invocation> {
    const words: string[] = [];
    const given: GivenOption[] = [];
    const objects = new Map<string, Uint8Array>();
    const invocation = new Invocation(host, { words, given, objects });
    for (const argument of getopt(spec.name, args, { short: spec.short, long: longOptionsOf(spec) })) {
      if (argument.kind === 'word') words.push(argument.value);
      else if (argument.kind === 'problem') throw problemOf(host, spec, argument);
      else if (argument.name === 'h') throw new HelpWanted();
      else {
        spec.judge?.(argument, invocation.report);
        given.push(argument);
        invocation.#values.set(argument.name, [...invocation.values(argument.name), argument.value]);
        if (argument.name === 'object') await define(host, objects, argument.value, spec);
      }
    }
    return invocation;
  }

  private constructor(host: ConsoleHost, { words, given, objects }: Pick<Invocation, 'words' | 'given' | 'objects'>) {
    this.host = host;
    this.words = words;
    this.given = given;
    this.objects = objects;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  values(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  get isQuiet(): boolean {
    return this.has('q');
  }

  print(text: string): void {
    if (!this.isQuiet) this.host.writeOut(text);
  }

  complain(message: string): void {
    this.host.writeErr(`qemu-img: ${message}\n`);
  }

  /** What QEMU says of an image that contradicts itself, besides what becomes of the command. */
  tellCorruption(error: unknown): void {
    if (isEngineError(error, 'corrupt') && error.message.startsWith('qcow2: ')) {
      this.host.writeErr(`${error.message}\n`);
    }
  }

  /**
   * Work on an image as a step of the command; what QEMU says of an image that contradicts itself comes first.
   * @throws ImgFailure with what failed, and the errno's text behind it unless QEMU gives none there
   */
  attempt<T>(failed: string, work: () => T, { hasReason = true, exitCode = 1 } = {}): T {
    try {
      return work();
    } catch (error) {
      const reason = strerror(error);
      this.tellCorruption(error);
      throw new ImgFailure(hasReason ? `${failed}: ${reason}` : failed, { exitCode });
    }
  }

  /** `human` or `json`. @throws ImgFailure */
  get isJson(): boolean {
    return isJsonOutput(this.value('output') ?? 'human');
  }

  /** @throws ImgFailure */
  cacheMode(option: string, fallback: CacheMode, what: string): CacheMode {
    const text = this.value(option);
    const mode = text === undefined ? fallback : parseCacheMode(text);
    if (mode === null) throw new ImgFailure(`Invalid ${what}cache option: ${text}`);
    return mode;
  }

  /** Opens a file as the command line names it. @throws ImgFailure with QEMU's text */
  async open(name: string, as: OpenAs): Promise<BlockNode> {
    const request = this.#requestOf(name, as);
    return openBlock(this.host, request).catch((error: unknown) => {
      throw openFailure(error, name);
    });
  }

  /** What `--image-opts` says of the backing file of an image that is opened without it. */
  backingOptionsOf(name: string): Options {
    return takeChild(new Map(this.has('image-opts') ? parsePairs(name, { firstName: 'file' }) : []), 'backing');
  }

  /** Opens a file by its name, whatever `--image-opts` says of the names on the command line. @throws ImgFailure */
  async openNamed(
    name: string,
    { writable, cacheMode = 'writeback', format, options, ...as }: OpenAs,
  ): Promise<BlockNode> {
    const { withoutBacking = false, withoutData = false, isJustMade = false } = as;
    const flags = { writable, cacheMode, withoutBacking, withoutData, isJustMade };
    const request = { filename: name, format: format ?? null, flags, ...this.#surroundings };
    return openBlock(this.host, options === undefined ? request : { ...request, options }).catch((error: unknown) => {
      throw openFailure(error, name);
    });
  }

  /** Opens what a text describes as options, such as `driver=qcow2,file.filename=a`. @throws ImgFailure */
  async openOptions(text: string, { writable, cacheMode = 'writeback' }: OpenAs): Promise<BlockNode> {
    const options = parseOptions(text, this.report, 'file');
    const flags = { writable, cacheMode };
    return openBlock(this.host, { filename: null, format: null, options, flags, ...this.#surroundings }).catch(
      (error: unknown) => {
        throw openFailure(error, text);
      },
    );
  }

  /** Opens the file of an image to check it; null where the format knows no check. @throws ImgFailure */
  async openToCheck(name: string, as: OpenAs): Promise<BlockNode | null> {
    return openToCheck(this.host, this.#requestOf(name, as)).catch((error: unknown) => {
      throw openFailure(error, name);
    });
  }

  readonly report: Report = (message) => this.complain(message);

  get #surroundings(): Pick<OpenRequest, 'objects' | 'report'> {
    return { objects: this.objects, report: this.report };
  }

  #requestOf(name: string, as: OpenAs): OpenRequest {
    const { writable, cacheMode = 'writeback', format } = as;
    const { withoutBacking = false, withoutData = false, readsInOrder = false, refusesWriters = false } = as;
    const { aio = 'threads', isShared = !writable && this.has('U') } = as;
    const hasOptions = this.has('image-opts');
    if (hasOptions && format !== undefined) throw new ImgFailure('--image-opts and --format are mutually exclusive');
    const options: Options = hasOptions ? parseOptions(name, this.report, 'file') : new Map();
    if (as.keepsBackingOptions === true) takeChild(options, 'backing');
    if (isShared && !shareIn(options)) throw new ImgFailure('--force-share/-U conflicts with image options');
    const flags = { writable, cacheMode, aio, withoutBacking, withoutData, readsInOrder, refusesWriters };
    return { filename: hasOptions ? null : name, format: format ?? null, options, flags, ...this.#surroundings };
  }
}

export interface OpenAs {
  readonly writable: boolean;
  readonly cacheMode?: CacheMode;
  readonly format: string | undefined;
  readonly withoutBacking?: boolean;
  readonly withoutData?: boolean;
  readonly readsInOrder?: boolean;
  /** How the host reads and writes. */
  readonly aio?: string;
  /** Others may write to the file at the same time, which is refused to who writes himself; left out: as `-U` has it for readers. */
  readonly isShared?: boolean;
  /** Nobody may write to the file at the same time, whatever its format. */
  readonly refusesWriters?: boolean;
  /** By this command. */
  readonly isJustMade?: boolean;
  /** Options of the backing file are for who opens it later; otherwise they are refused where it stays closed. */
  readonly keepsBackingOptions?: boolean;
  /** Of the drivers, for a file that is named. */
  readonly options?: Options;
}

/** A size of the command line, within limits; without `max` what a signed number of 64 bits holds. @throws ImgFailure */
export function sizeOf(
  what: string,
  text: string,
  { min = 0, max }: { readonly min?: number; readonly max?: number } = {},
): number {
  const size = parseSize(text);
  if (size === 'not-a-number') {
    throw new ImgFailure(`Invalid ${what} specified. You may use k, M, G, T, P or E suffixes for`, {
      hints: ['qemu-img: kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.'],
    });
  }
  if (size === 'out-of-range' || size < min || (max !== undefined && size > max)) {
    throw new ImgFailure(`Invalid ${what} specified. Must be between ${min} and ${max ?? '9223372036854775807'}.`);
  }
  return size;
}

function longOptionsOf({ long, lacks }: CommandSpec): Readonly<Record<string, string>> {
  return {
    help: 'h',
    ...(lacks !== 'object' && { 'object=': 'object' }),
    ...(lacks !== 'image-opts' && { 'image-opts': 'image-opts' }),
    ...long,
  };
}

/** @throws ImgFailure, ObjectHelp */
async function define(
  host: ConsoleHost,
  objects: Map<string, Uint8Array>,
  definition: string,
  { objectFailureCode = 1 }: CommandSpec,
): Promise<void> {
  try {
    await defineObject(host, objects, definition);
  } catch (error) {
    if (error instanceof ObjectHelp) throw error;
    throw ImgFailure.of(mustBeEngineError(error), { exitCode: objectFailureCode });
  }
}

/** @returns what is to be thrown */
function problemOf(host: ConsoleHost, { name, helpsWithProblems }: CommandSpec, problem: GetoptProblem): Error {
  if (helpsWithProblems === true) {
    host.writeErr(`${problem.message}\n`);
    return new HelpWanted();
  }
  return misused(problemText(problem, name));
}

/** @param program its name, which counts as passed before the first argument */
export function problemText({ isMissingValue, passed }: GetoptProblem, program: string): string {
  return `${isMissingValue ? 'missing argument for' : 'unrecognized'} option '${passed ?? program}'`;
}
