interface Question<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks one question at a time and, when it is answered, only the newest of those that came meanwhile: a handle dragged
 * over fifty positions asks for a few of them and always for the last.
 */
export class Latest<Input, Output> {
  readonly #work: (input: Input) => Promise<Output>;
  #waiting: Question<Input, Output> | null = null;
  #isRunning = false;

  constructor(work: (input: Input) => Promise<Output>) {
    this.#work = work;
  }

  /** Resolves with the answer, or with null when a newer question took its place before it was asked. */
  ask(input: Input): Promise<Output | null> {
    return new Promise((resolve, reject) => {
      this.#waiting?.resolve(null);
      this.#waiting = { input, resolve, reject };
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting !== null) {
      const { input, resolve, reject } = this.#waiting;
      this.#waiting = null;
      await this.#work(input).then(resolve, reject);
    }
    this.#isRunning = false;
  }
}
