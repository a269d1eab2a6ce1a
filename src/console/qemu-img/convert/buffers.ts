/** Memory in turn: who takes a part knows that those taken long before are free again. */
export class Buffers {
  readonly #all: Uint8Array[] = [];
  readonly #count: number;
  readonly #allocate: () => Uint8Array;
  #turn = 0;

  constructor(count: number, allocate: () => Uint8Array) {
    this.#count = count;
    this.#allocate = allocate;
  }

  next(): Uint8Array {
    this.#turn = (this.#turn + 1) % this.#count;
    return (this.#all[this.#turn] ??= this.#allocate());
  }
}
