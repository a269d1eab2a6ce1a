/**
 * Who may use an image when: any number of operations that only look, or a single one that changes it. Whoever comes
 * later waits its turn, so that a change is never put off for ever by people looking.
 */
export class Locks {
  readonly #lines = new Map<string, Line>();

  look<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#enter(id, 'look', work);
  }

  change<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#enter(id, 'change', work);
  }

  async #enter<T>(id: string, kind: Turn['kind'], work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(id) ?? { waiting: [], looking: 0, isChanging: false };
    this.#lines.set(id, line);
    await new Promise<void>((begin) => {
      line.waiting.push({ kind, begin });
      advance(line);
    });
    try {
      return await work();
    } finally {
      if (kind === 'look') line.looking--;
      else line.isChanging = false;
      advance(line);
      if (line.waiting.length === 0 && line.looking === 0 && !line.isChanging) this.#lines.delete(id);
    }
  }
}

interface Turn {
  readonly kind: 'look' | 'change';
  readonly begin: () => void;
}

interface Line {
  readonly waiting: Turn[];
  looking: number;
  isChanging: boolean;
}

function advance(line: Line): void {
  for (let first = line.waiting[0]; first !== undefined && !line.isChanging; first = line.waiting[0]) {
    if (first.kind === 'change' && line.looking > 0) return;
    line.waiting.shift();
    if (first.kind === 'look') line.looking++;
    else line.isChanging = true;
    first.begin();
  }
}
