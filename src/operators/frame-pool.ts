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

  /** Copies rows 0..length of `column` to the slots given. */
  fill(slots: Int32Array, column: Column, length: number, capacity: number): void {
    if (column.storage === 'text') {
      const objects = this.objects!;
      const strings = column.dictionary === null ? null : column.dictionary.strings;
      for (let row = 0; row < length; row += 1) {
        objects[slots[row]!] = strings === null ? (column.values[row] as string | null) : strings[column.values[row] as number]!;
      }
      return;
    }
    const { values, nulls } = column;
    if (nulls !== null) this.nulls ??= new Uint8Array(capacity);
    const mine = this.nulls;
    if (mine !== null) for (let row = 0; row < length; row += 1) mine[slots[row]!] = nulls === null ? 0 : nulls[row]!;
    if (values instanceof Float64Array && this.objects === null) {
      const { reals } = this;
      for (let row = 0; row < length; row += 1) reals[slots[row]!] = values[row]!;
    } else {
      // From the first integer beyond 2^53 on, exact values stand beside.
      this.objects ??= Array.from(this.reals);
      for (let row = 0; row < length; row += 1) {
        const value = values[row]!;
        this.objects[slots[row]!] = value;
        if (typeof value === 'number') this.reals[slots[row]!] = value;
      }
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
  #slots = new Int32Array(0);
  #used = 0;

  constructor(storages: readonly Storage[]) {
    this.#columns = storages.map((storage) => new PoolColumn(storage, 1024));
  }

  /** Copies rows 0..length of `columns` into slots, which it returns: valid until the next call. */
  add(columns: readonly Column[], time: Float64Array, length: number): Int32Array {
    if (this.#slots.length < length) this.#slots = new Int32Array(Math.max(length, this.#slots.length * 2));
    const slots = this.#slots;
    const reused = Math.min(length, this.#freeCount);
    for (let row = 0; row < reused; row += 1) slots[row] = this.#free[this.#freeCount - 1 - row]!;
    this.#freeCount -= reused;
    while (this.#used + length - reused > this.#capacity) this.#grow();
    for (let row = reused; row < length; row += 1) slots[row] = this.#used + row - reused;
    this.#used += length - reused;
    const { time: times, next } = this;
    for (let row = 0; row < length; row += 1) {
      times[slots[row]!] = time[row]!;
      next[slots[row]!] = -1;
    }
    for (let k = 0; k < this.#columns.length; k += 1) this.#columns[k]!.fill(slots, columns[k]!, length, this.#capacity);
    return slots;
  }

  /** Slots whose rows have left may be used again. */
  release(slots: Int32Array, count: number): void {
    this.#free.set(slots.subarray(0, count), this.#freeCount);
    this.#freeCount += count;
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
