/** Numbers of 32 bits that look random and are the same in every run (xorshift). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/** Deals elements out anew, in place. */
export function shuffle<T>(elements: { readonly length: number; [index: number]: T }, random: () => number): void {
  for (let last = elements.length - 1; last > 0; last--) {
    const other = random() % (last + 1);
    [elements[last], elements[other]] = [elements[other]!, elements[last]!];
  }
}
