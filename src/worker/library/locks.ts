import { EngineError } from '#engine';

type Kind = 'look' | 'change';

/**
 * Who may use an image when: any number of operations that only look, or a single one that changes it. Whoever comes
 * later waits its turn, so that a change is never put off for ever by people looking. What a program holds open has no
 * foreseeable end: nobody waits for it, whoever it is in the way of is refused.
 */
export class Locks {
  readonly #lines = new Map<string, Line>();

  look<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#during(id, 'look', work);
  }

  change<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#during(id, 'change', work);
  }

  /**
   * Waits for its turn, then holds the image until the returned function is called.
   * @param holder what those who are refused meanwhile are told
   * @throws EngineError locked where somebody else's hold is in the way
   */
  async hold(id: string, kind: Kind, holder: string): Promise<() => void> {
    const line = await this.#enter(id, kind);
    const hold: Hold = { kind, holder };
    line.holds.push(hold);
    for (const turn of line.waiting.filter((waiting) => areInConflict(waiting.kind, kind))) {
      line.waiting.splice(line.waiting.indexOf(turn), 1);
      turn.refuse(heldBy(hold));
    }
    advance(line);
    return () => {
      const index = line.holds.indexOf(hold);
      if (index < 0) return;
      line.holds.splice(index, 1);
      this.#leave(id, line, kind);
    };
  }

  async #during<T>(id: string, kind: Kind, work: () => Promise<T>): Promise<T> {
    const line = await this.#enter(id, kind);
    try {
      return await work();
    } finally {
      this.#leave(id, line, kind);
    }
  }

  async #enter(id: string, kind: Kind): Promise<Line> {
    const line = this.#lines.get(id) ?? { waiting: [], looking: 0, isChanging: false, holds: [] };
    const hold = line.holds.find((other) => areInConflict(kind, other.kind));
    if (hold !== undefined) throw heldBy(hold);
    this.#lines.set(id, line);
    await new Promise<void>((begin, refuse) => {
      line.waiting.push({ kind, begin, refuse });
      advance(line);
    });
    return line;
  }

  #leave(id: string, line: Line, kind: Kind): void {
    if (kind === 'look') line.looking--;
    else line.isChanging = false;
    advance(line);
    if (line.waiting.length === 0 && line.looking === 0 && !line.isChanging) this.#lines.delete(id);
  }
}

interface Turn {
  readonly kind: Kind;
  readonly begin: () => void;
  readonly refuse: (reason: EngineError) => void;
}

interface Hold {
  readonly kind: Kind;
  readonly holder: string;
}

interface Line {
  readonly waiting: Turn[];
  readonly holds: Hold[];
  looking: number;
  isChanging: boolean;
}

function areInConflict(kind: Kind, other: Kind): boolean {
  return kind === 'change' || other === 'change';
}

function heldBy({ holder }: Hold): EngineError {
  return new EngineError('locked', `The console has this image open: ${holder}`, {
    hint: 'Let the command end, or end it with Ctrl+C in the console (quit in qemu-io).',
  });
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
