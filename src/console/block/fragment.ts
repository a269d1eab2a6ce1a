import type { Limits } from './limits.ts';

export interface Piece {
  readonly at: number;
  readonly length: number;
}

/** Cuts an aligned read or write. */
export function* transferPieces({ transferMax }: Limits, at: number, length: number): Generator<Piece> {
  const step = transferMax === 0 ? length : transferMax;
  for (let done = 0; done < length; done += step) yield { at: at + done, length: Math.min(step, length - done) };
}

/**
 * Cuts a writing of zeros, itself aligned for writes, at the alignment for zeros. `isWhole`: the node can zero the piece;
 * the others, at the two ends, have to be written as data.
 */
export function* writeZeroesPieces(
  limits: Limits,
  at: number,
  length: number,
): Generator<Piece & { readonly isWhole: boolean }> {
  const unit = Math.max(limits.writeZeroesAlignment, limits.requestAlignment);
  const end = at + length;
  const step = limits.writeZeroesMax === 0 ? Infinity : Math.floor(limits.writeZeroesMax / unit) * unit;
  for (let position = at; position < end;) {
    const into = position % unit;
    const tail = end % unit;
    let piece = Math.min(end - position, step);
    if (into !== 0) piece = Math.min(piece, unit - into);
    else if (piece > unit && position + piece === end) piece -= tail;
    yield { at: position, length: piece, isWhole: into === 0 && piece >= unit };
    position += piece;
  }
}

/** Cuts a discard at the unit in which the node discards. What does not fill a request is left out, as a discard may. */
export function* discardPieces(limits: Limits, at: number, length: number): Generator<Piece> {
  const { requestAlignment } = limits;
  const unit = Math.max(limits.discardAlignment, requestAlignment);
  const step = limits.discardMax === 0 ? Infinity : Math.floor(limits.discardMax / unit) * unit;
  const end = Math.floor((at + length) / requestAlignment) * requestAlignment;
  for (let position = Math.ceil(at / requestAlignment) * requestAlignment; position < end;) {
    const into = position % unit;
    let piece = Math.min(end - position, step);
    if (into !== 0) piece = Math.min(piece, unit - into);
    else if (piece > unit && position + piece === end) piece -= end % unit;
    yield { at: position, length: piece };
    position += piece;
  }
}
