import type { HostOffset } from '../format/addresses.ts';
import type { StorageRange, Storage } from './storage.ts';

/** Tables that are told at once at most. */
const TABLES_MAX = 1024;

/** Tables of one size that are read one after the other, wherever they stand. */
export interface TablesInOrder {
  readonly count: number;
  readonly size: number;
  /** Where a table stands; 0 where there is none. */
  readonly offsetAt: (index: number) => HostOffset;
}

/** Tells a storage that wants to know it which tables will be read next. */
export class Announcer {
  readonly #storage: Storage;
  readonly #tables: TablesInOrder;
  /** Tables before this one were told. */
  #told: number;

  constructor(storage: Storage, tables: TablesInOrder) {
    this.#storage = storage;
    this.#tables = tables;
    this.#told = storage.willRead === undefined ? Infinity : 0;
  }

  /** To be called before a table is read. */
  reach(index: number): void {
    if (index >= this.#told) this.#tellFrom(index);
  }

  #tellFrom(first: number): void {
    const { count, size, offsetAt } = this.#tables;
    const ranges: StorageRange[] = [];
    let index = first;
    for (; index < count && ranges.length < TABLES_MAX; index++) {
      const at = offsetAt(index);
      if (at !== 0) ranges.push({ at, length: size });
    }
    this.#told = index < count ? index : Infinity;
    this.#storage.willRead!(ranges);
  }
}
