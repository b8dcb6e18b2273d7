/**
 * The rows of all sliding frames of one OVER: slots in shared arrays, each key's in blocks linked oldest to newest. A
 * block is used again once its rows have left, so memory follows the rows that frames hold.
 */
import type { Column } from '../core/batch.js';
import type { Int64, Storage } from '../core/types.js';

/** One column of rows that are kept by slot. */
export class PoolColumn {
  reals: Float32Array | Float64Array;
  objects: (Int64 | string | null)[] | null;
  nulls: Uint8Array | null = null;

  /**
   * `isNarrow`: in half the bytes while each number is one that a float holds, as small whole numbers are. Views are to be
   * read by slot only then.
   */
  constructor(readonly storage: Storage, capacity: number, isNarrow = false) {
    this.reals = isNarrow ? new Float32Array(storage === 'text' ? 0 : capacity) : new Float64Array(storage === 'text' ? 0 : capacity);
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
      if (this.reals instanceof Float32Array && !areFloats(values, length)) this.reals = Float64Array.from(this.reals);
      const { reals } = this;
      for (let row = 0; row < length; row += 1) reals[slots[row]!] = values[row]!;
    } else {
      // From the first integer beyond 2^53 on, exact values stand instead.
      this.objects ??= Array.from(this.reals);
      for (let row = 0; row < length; row += 1) this.objects[slots[row]!] = values[row]!;
    }
  }

  grow(capacity: number): void {
    if (this.objects === null) {
      const reals = this.reals instanceof Float32Array ? new Float32Array(capacity) : new Float64Array(capacity);
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

function areFloats(values: Float64Array, length: number): boolean {
  for (let row = 0; row < length; row += 1) if (Math.fround(values[row]!) !== values[row]!) return false;
  return true;
}

/** Rows of one key lie in blocks of so many slots: those that come and leave next share a line of the cache. */
const BLOCK = 8;
const BLOCK_BITS = 3;
const BLOCK_LAST = BLOCK - 1;

/** The block of a slot that was its block's last: the block may be given back once its rows have been read. */
export const endsBlock = (slot: number): boolean => (slot & BLOCK_LAST) === BLOCK_LAST;
export const blockOf = (slot: number): number => slot >> BLOCK_BITS;

export class FramePool {
  #capacity = 1024;
  #columns: PoolColumn[];
  /** Event times by slot, less `timeBase`: in half the bytes while all are whole and within some 24 days of the first. */
  time: Int32Array | Float64Array = new Int32Array(1024);
  timeBase = NaN;
  /** By block: the key's next one. */
  next = new Int32Array(1024 >> BLOCK_BITS);
  /** By block: the key whose rows are in it. */
  #keys = new Int32Array(1024 >> BLOCK_BITS);
  #free = new Int32Array(1024 >> BLOCK_BITS);
  #freeCount = 0;
  #blocks = 0;
  #slots = new Int32Array(0);
  /** Slot of the newest row by key; -1 before any. */
  #tails = new Int32Array(0);

  constructor(storages: readonly Storage[]) {
    this.#columns = storages.map((storage) => new PoolColumn(storage, 1024, true));
  }

  /** Copies rows 0..length of `columns` into slots of their keys, which it returns: valid until the next call. */
  add(columns: readonly Column[], time: Float64Array, ids: Int32Array, length: number): Int32Array {
    if (this.#slots.length < length) this.#slots = new Int32Array(Math.max(length, this.#slots.length * 2));
    const slots = this.#slots;
    for (let row = 0; row < length; row += 1) {
      const id = ids[row]!;
      if (id >= this.#tails.length) this.#growKeys(id);
      const tail = this.#tails[id]!;
      let slot = tail + 1;
      if ((slot & BLOCK_LAST) === 0) {
        const block = this.#take();
        this.#keys[block] = id;
        if (tail >= 0) this.next[tail >> BLOCK_BITS] = block;
        slot = block << BLOCK_BITS;
      }
      this.#tails[id] = slot;
      slots[row] = slot;
    }
    if (this.time instanceof Int32Array) this.#fitTimes(time, length);
    const { time: times, timeBase } = this;
    for (let row = 0; row < length; row += 1) times[slots[row]!] = time[row]! - timeBase;
    for (let k = 0; k < this.#columns.length; k += 1) this.#columns[k]!.fill(slots, columns[k]!, length, this.#capacity);
    return slots;
  }

  /** The slot of the key's row after the one at `slot`, where there is one. */
  after(slot: number): number {
    return endsBlock(slot) ? this.next[slot >> BLOCK_BITS]! << BLOCK_BITS : slot + 1;
  }

  /** Blocks all of whose rows have left may be used again. */
  release(blocks: Int32Array, count: number): void {
    // Another key's rows may follow in the block in which a key's newest row was: nothing is linked to it any more.
    for (let at = 0; at < count; at += 1) {
      const block = blocks[at]!, id = this.#keys[block]!;
      if (this.#tails[id]! >> BLOCK_BITS === block) this.#tails[id] = -1;
    }
    this.#free.set(blocks.subarray(0, count), this.#freeCount);
    this.#freeCount += count;
  }

  /** The columns, indexed by slot; ask again after adding. */
  views(): Column[] {
    return this.#columns.map((column) => column.view());
  }

  #fitTimes(time: Float64Array, length: number): void {
    if (Number.isNaN(this.timeBase) && length > 0) this.timeBase = time[0]!;
    const base = this.timeBase;
    for (let row = 0; row < length; row += 1) {
      const since = time[row]! - base;
      if ((since | 0) === since && since + base === time[row]!) continue;
      this.time = Float64Array.from(this.time, (offset) => offset + base);
      this.timeBase = 0;
      return;
    }
  }

  #take(): number {
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      return this.#free[this.#freeCount]!;
    }
    if ((this.#blocks + 1) * BLOCK > this.#capacity) this.#grow();
    this.#blocks += 1;
    return this.#blocks - 1;
  }

  #growKeys(id: number): void {
    const tails = new Int32Array(Math.max(id + 1, this.#tails.length * 2, 64)).fill(-1);
    tails.set(this.#tails);
    this.#tails = tails;
  }

  #grow(): void {
    this.#capacity *= 2;
    const time = this.time instanceof Int32Array ? new Int32Array(this.#capacity) : new Float64Array(this.#capacity);
    time.set(this.time);
    this.time = time;
    const next = new Int32Array(this.#capacity >> BLOCK_BITS);
    next.set(this.next);
    this.next = next;
    const keys = new Int32Array(this.#capacity >> BLOCK_BITS);
    keys.set(this.#keys);
    this.#keys = keys;
    const free = new Int32Array(this.#capacity >> BLOCK_BITS);
    free.set(this.#free);
    this.#free = free;
    for (const column of this.#columns) column.grow(this.#capacity);
  }
}
