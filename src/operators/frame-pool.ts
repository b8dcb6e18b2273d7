/**
 * The rows of all sliding frames of one OVER: slots in shared arrays, linked oldest to newest per key. A slot is
 * used again once its row has left, so memory follows the rows that frames hold.
 */
import type { Column } from '../core/batch.js';
import type { Int64, Storage } from '../core/types.js';

class PoolColumn {
  reals: Float64Array;
  objects: (Int64 | string | null)[] | null;
  nulls: Uint8Array | null = null;

  constructor(readonly storage: Storage, capacity: number) {
    this.reals = new Float64Array(storage === 'text' ? 0 : capacity);
    this.objects = storage === 'text' ? [] : null;
  }

  set(at: number, column: Column, row: number, capacity: number): void {
    if (column.storage === 'text') {
      this.objects![at] = column.dictionary === null ? column.values[row]! : column.dictionary.strings[column.values[row]!]!;
      return;
    }
    const value = column.values[row]!;
    const isNull = column.nulls !== null && column.nulls[row] !== 0;
    if (isNull) (this.nulls ??= new Uint8Array(capacity))[at] = 1;
    else if (this.nulls !== null) this.nulls[at] = 0;
    if (typeof value === 'number') {
      this.reals[at] = value;
      if (this.objects !== null) this.objects[at] = value;
    } else {
      // The first integer beyond 2^53: from here on exact values stand beside.
      this.objects ??= Array.from(this.reals);
      this.objects[at] = value;
    }
  }

  grow(capacity: number): void {
    if (this.storage !== 'text') {
      const reals = new Float64Array(capacity);
      reals.set(this.reals);
      this.reals = reals;
    }
    if (this.nulls !== null) {
      const nulls = new Uint8Array(capacity);
      nulls.set(this.nulls);
      this.nulls = nulls;
    }
  }

  view(): Column {
    if (this.storage === 'text') return { storage: 'text', values: this.objects as (string | null)[], dictionary: null };
    if (this.objects !== null) return { storage: 'int64', values: this.objects as Int64[], nulls: this.nulls };
    return { storage: this.storage, values: this.reals, nulls: this.nulls } as Column;
  }
}

export class FramePool {
  #capacity = 1024;
  #columns: PoolColumn[];
  time = new Float64Array(1024);
  next = new Int32Array(1024);
  #free: Int32Array = new Int32Array(1024);
  #freeCount = 0;
  #used = 0;

  constructor(storages: readonly Storage[]) {
    this.#columns = storages.map((storage) => new PoolColumn(storage, 1024));
  }

  /** Copies row `row` of `columns` into a slot and returns it. */
  add(columns: readonly Column[], row: number, time: number): number {
    let at: number;
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      at = this.#free[this.#freeCount]!;
    } else {
      if (this.#used === this.#capacity) this.#grow();
      at = this.#used;
      this.#used += 1;
    }
    this.time[at] = time;
    this.next[at] = -1;
    for (let k = 0; k < this.#columns.length; k += 1) this.#columns[k]!.set(at, columns[k]!, row, this.#capacity);
    return at;
  }

  release(at: number): void {
    this.#free[this.#freeCount] = at;
    this.#freeCount += 1;
  }

  /** The columns, indexed by slot; ask again after adding. */
  views(): Column[] {
    return this.#columns.map((column) => column.view());
  }

  #grow(): void {
    this.#capacity *= 2;
    const time = new Float64Array(this.#capacity);
    time.set(this.time);
    this.time = time;
    const next = new Int32Array(this.#capacity);
    next.set(this.next);
    this.next = next;
    const free = new Int32Array(this.#capacity);
    free.set(this.#free);
    this.#free = free;
    for (const column of this.#columns) column.grow(this.#capacity);
  }
}
