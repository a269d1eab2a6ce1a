import { guardedAsync } from './faults.ts';

/**
 * Bytes of a piece at most. Each piece costs the browser about half a millisecond, whatever its size; large ones, several
 * at a time, are four times as fast as pieces of a MiB one after the other.
 */
const PIECE_LENGTH_MAX = 8 * 1024 * 1024;
const PIECE_COUNT = 3;

interface Piece {
  readonly at: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** Reads a blob beside the program. Where reads follow one another, what comes next is under way before it is asked for. */
export class BlobReadAhead {
  readonly #blob: Blob;
  /** One behind the other. */
  #pieces: Piece[] = [];
  /** Where the last piece ends. */
  #end = -1;
  #nextLength = 0;

  constructor(blob: Blob) {
    this.#blob = blob;
  }

  /** Fills `into`; past the end of the blob it reads zeros. @throws EngineError */
  async read(at: number, into: Uint8Array): Promise<void> {
    const end = Math.min(at + into.length, this.#blob.size);
    const pieces = end > at ? this.#piecesOf(at, end) : [];
    for (const piece of pieces) {
      const from = Math.max(at, piece.at);
      const bytes = await piece.bytes;
      into.set(bytes.subarray(from - piece.at, Math.min(end, piece.end) - piece.at), from - at);
    }
    into.fill(0, Math.max(0, end - at));
  }

  /** Lets go of what was read ahead. */
  forget(): void {
    this.#pieces = [];
  }

  /** The pieces that hold a range. Where it follows what was read before, more are fetched behind it. */
  #piecesOf(at: number, end: number): Piece[] {
    this.#pieces = this.#pieces.filter((piece) => piece.end > at);
    const first = this.#pieces[0];
    const follows = first === undefined ? at === this.#end : first.at <= at;
    if (!follows) this.#restart(at, end - at);
    const limit = follows ? this.#blob.size : end;
    while (this.#end < end) this.#fetch(limit);
    const wanted = this.#pieces.filter((piece) => piece.at < end);
    while (this.#pieces.length < PIECE_COUNT && this.#end < limit) this.#fetch(limit);
    return wanted;
  }

  #restart(at: number, length: number): void {
    this.#pieces = [];
    this.#end = at;
    this.#nextLength = Math.min(length, PIECE_LENGTH_MAX);
  }

  /** Each piece is twice as long as the one before. */
  #fetch(limit: number): void {
    const at = this.#end;
    const end = Math.min(at + this.#nextLength, limit);
    const bytes = guardedAsync(async () => new Uint8Array(await this.#blob.slice(at, end).arrayBuffer()));
    // A failure is met where the piece is wanted, which may be never.
    bytes.catch(() => undefined);
    this.#pieces.push({ at, end, bytes });
    this.#end = end;
    this.#nextLength = Math.min(2 * this.#nextLength, PIECE_LENGTH_MAX);
  }
}
