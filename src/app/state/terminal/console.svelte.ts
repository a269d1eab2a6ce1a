import type { Completion, ConsoleEvent } from '#protocol';
import { isRpcError } from '#rpc';
import { errorSentence } from '../../text/errors.ts';
import type { Activity } from '../activities.svelte.ts';
import type { Workbench } from '../workbench.svelte.ts';
import { historyText, keepInHistory, loadHistory, remember, type History } from './history.ts';
import { addInput, addText, EMPTY, takeOpenLine, type Transcript } from './transcript.ts';

export const PROMPT = '$ ';

/** A line that runs. */
interface Run {
  readonly id: string;
  readonly line: string;
  readonly controller: AbortController;
}

/** What stands on the console and what runs in it; lives as long as the page, whatever place is shown. */
export class Console {
  transcript = $state.raw<Transcript>(EMPTY);
  running = $state.raw<Run | null>(null);
  /** What stands before the line that is being typed. */
  prompt = $state(PROMPT);
  /** Lines typed or pasted ahead, given one by one as they are asked for. */
  waiting = $state.raw<readonly string[]>([]);
  /** The line that is being typed. */
  draft = $state('');
  history = $state.raw<History>(loadHistory());
  /** What a screen reader is told of the last command. */
  announcement = $state('');
  /** Lines given to programs, until the page is left. */
  #inputs = $state.raw<History>([]);
  #isAsked = $state(false);
  #outputStart = 0;
  #firstWords = '';
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** Whether a typed line is taken at once: nothing runs, or what runs waits for it. */
  get isReady(): boolean {
    return this.running === null || this.#isAsked;
  }

  /** Earlier lines of the kind that is being typed, oldest first. */
  get recallable(): History {
    return this.#isAsked ? this.#inputs : this.history;
  }

  /** How a line can go on; not at all where that cannot be found out, which is said. */
  async complete(line: string, cursor: number): Promise<Completion> {
    const request = { line, cursor, isForQemuIo: this.#isAsked };
    try {
      return await this.#workbench.engine.client.call('console.complete', request);
    } catch (error) {
      this.#workbench.toasts.error(errorSentence(error));
      return { from: cursor, to: cursor, candidates: [] };
    }
  }

  /** Gives lines to whoever takes the next ones: a program that reads, or the console itself. */
  give(lines: readonly string[]): void {
    this.waiting = [...this.waiting, ...lines];
    this.#goOn();
  }

  /** Ctrl+C: ends what runs, and forgets what was typed ahead; without either, the line that is being typed. */
  interrupt(): void {
    const shown = `${this.draft}^C`;
    this.draft = '';
    this.waiting = [];
    if (this.running === null) {
      this.transcript = addInput(this.transcript, this.prompt, shown);
      return;
    }
    if (this.#isAsked) this.transcript = addInput(this.transcript, this.prompt, shown);
    else this.#show({ stream: 'note', text: '^C\n' });
    this.#isAsked = false;
    this.prompt = '';
    this.running.controller.abort();
  }

  /** Ctrl+D on an empty line: the program that reads gets the end of its input. */
  endInput(): void {
    if (!this.#isAsked) return;
    this.transcript = addInput(this.transcript, this.prompt, '');
    this.#answer(null);
  }

  clear(): void {
    this.transcript = { ...EMPTY, lastId: this.transcript.lastId };
  }

  #goOn(): void {
    while (this.waiting.length > 0 && this.isReady) {
      const [line = '', ...rest] = this.waiting;
      this.waiting = rest;
      this.transcript = addInput(this.transcript, this.prompt, line);
      if (this.#isAsked) {
        this.#inputs = remember(this.#inputs, line);
        this.#answer(line);
      } else this.#begin(line);
    }
  }

  #begin(line: string): void {
    this.history = remember(this.history, line);
    keepInHistory(line);
    const command = line.trim();
    if (command === '') return;
    if (command === 'clear') return this.clear();
    if (command === 'history') return this.#show({ stream: 'out', text: historyText(this.history) });
    void this.#run(line);
  }

  async #run(line: string): Promise<void> {
    const run = { id: crypto.randomUUID(), line, controller: new AbortController() };
    this.running = run;
    this.prompt = '';
    this.#outputStart = this.transcript.lineCount + this.transcript.droppedLines;
    this.#firstWords = '';
    await this.#workbench.activities.run(line, (activity) => this.#runAs(activity, run));
  }

  /** What a run ends with changes all at once, so that the page is brought up to date but once. */
  async #runAs(activity: Activity, run: Run): Promise<void> {
    const { engine, images, library, otherTabs } = this.#workbench;
    const { signal } = run.controller;
    activity.signal.addEventListener('abort', () => run.controller.abort());
    let end = '';
    try {
      const request = { run: run.id, line: run.line };
      const onProgress = (event: ConsoleEvent) => this.#onEvent(run, event);
      const { exitCode, changed, texts } = await engine.client.call('console.run', request, { signal, onProgress });
      this.#onEvent(run, { kind: 'text', texts });
      // A program that was ended has an exit code, as any other.
      activity.end(signal.aborted ? 'cancelled' : 'done');
      if (exitCode !== 0) end = `exit code ${exitCode}`;
      // Thousands of images take seconds to be listed; the next line should not have to wait for that.
      if (changed.length > 0) void library.refresh();
      images.reload(changed);
      otherTabs.tell(changed);
    } catch (error) {
      this.#isAsked = false;
      void library.refresh();
      const isCancelled = isRpcError(error, 'cancelled');
      activity.end(isCancelled ? 'cancelled' : 'failed');
      if (!isCancelled) this.#show({ stream: 'note', text: `${errorSentence(error)}\n` });
    }
    if (end !== '') this.#show({ stream: 'note', text: `${end}\n` });
    this.#announce(end);
    this.running = null;
    this.prompt = PROMPT;
    this.#goOn();
  }

  #onEvent(run: Run, event: ConsoleEvent): void {
    if (run.controller.signal.aborted) return;
    if (event.kind === 'text') {
      for (const text of event.texts) this.#show(text);
      return;
    }
    const { transcript, line } = takeOpenLine(this.transcript);
    this.transcript = transcript;
    this.prompt = line;
    this.#isAsked = true;
    this.#goOn();
  }

  #answer(line: string | null): void {
    this.#isAsked = false;
    this.prompt = '';
    const { client } = this.#workbench.engine;
    client.call('console.input', { run: this.running!.id, line }).catch((error: unknown) => {
      this.#show({ stream: 'note', text: `${errorSentence(error)}\n` });
    });
  }

  #show(text: Parameters<typeof addText>[1]): void {
    this.transcript = addText(this.transcript, text);
    if (this.#firstWords.length < ANNOUNCED_MAX) this.#firstWords += text.text;
  }

  /** Short output is read out whole, of long output only how much it is. */
  #announce(end: string): void {
    const lines = this.transcript.lineCount + this.transcript.droppedLines - this.#outputStart;
    this.announcement =
      this.#firstWords.length < ANNOUNCED_MAX
        ? this.#firstWords || 'Done, no output.'
        : `${lines} lines of output. ${end}`;
  }
}

/** Characters that a screen reader is given at once. */
const ANNOUNCED_MAX = 800;
