/** One column of rows that wait, in an array that grows and is used again: rows come at its end, and gaps are closed in place. */
import type { Column, Dictionary } from '../core/batch.js';
import type { Int64, Storage } from '../core/types.js';

type Texts = (string | null)[];

/** Which rows of a column: those that `order` has at from..to, less `first`; without an order, rows from..to. */
export interface Picked {
  readonly order: Int32Array | null;
  readonly from: number;
  readonly to: number;
  readonly first: number;
}

export class WaitingColumn {
  readonly #storage: Storage;
  /** Numbers, or codes of `#dictionary`. */
  #reals: Float64Array = new Float64Array(0);
  #codes: Int32Array = new Int32Array(0);
  /** Of the strings that came last, null where they had none. */
  #dictionary: Dictionary | null = null;
  /** Instead of numbers and codes: numbers among which are integers beyond 2^53, strings of no dictionary or of several. */
  #objects: (Int64 | string | null)[] | null = null;
  /** Rows up to the last whose string is not of `#dictionary`. */
  #foreign = 0;
  #nulls: Uint8Array | null = null;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Copies rows of `column` to `at` and after, where this column ends; at 0 what was in it goes. */
  add(column: Column, rows: Picked, at: number): void {
    if (at === 0) this.#clear();
    if (column.storage === 'text') this.#addTexts(column.values, column.dictionary, rows, at);
    else this.#addNumbers(column.values, column.nulls, rows, at);
  }

  /** The rows that `order` has at 0..count, ascending, become rows 0..count. */
  keep(order: Int32Array, count: number): void {
    const rows = { order, from: 0, to: count, first: 0 };
    if (this.#objects !== null) {
      copyCells(this.#objects, this.#objects, rows, 0);
      this.#objects.length = count;
      this.#simplify(order, count);
    } else if (this.#storage === 'text') copyCodes(this.#codes, this.#codes, rows, 0);
    else copyReals(this.#reals, this.#reals, rows, 0);
    if (this.#nulls === null) return;
    copyCells(this.#nulls, this.#nulls, rows, 0);
    if (!this.#nulls.subarray(0, count).includes(1)) this.#nulls = null;
  }

  /** Gives back what is beyond `capacity` rows, of which `count` are in use. */
  shrink(count: number, capacity: number): void {
    if (this.#reals.length > capacity) this.#reals = resized(this.#reals, count, capacity);
    if (this.#codes.length > capacity) this.#codes = resized(this.#codes, count, capacity);
    if (this.#nulls !== null && this.#nulls.length > capacity) this.#nulls = resized(this.#nulls, count, capacity);
  }

  /** Valid until the next change; it may have more rows than were added. */
  view(): Column {
    const objects = this.#objects;
    if (this.#storage === 'text') return objects === null ? { storage: 'text', values: this.#codes, dictionary: this.#dictionary! } : { storage: 'text', values: objects as Texts, dictionary: null };
    return { storage: this.#storage, values: objects ?? this.#reals, nulls: this.#nulls } as Column;
  }

  #clear(): void {
    this.#dictionary = null;
    this.#objects = this.#nulls = null;
    this.#foreign = 0;
  }

  /** Once no row is left that needs an object, there are codes or plain numbers again. */
  #simplify(kept: Int32Array, count: number): void {
    const objects = this.#objects!;
    if (this.#storage !== 'text') {
      if (!objects.every((value) => typeof value === 'number')) return;
      this.#reals = Float64Array.from(objects);
    } else {
      let foreign = 0;
      while (foreign < count && kept[foreign]! < this.#foreign) foreign += 1;
      this.#foreign = foreign;
      const dictionary = this.#dictionary;
      if (foreign > 0 || dictionary === null) return;
      this.#codes = Int32Array.from(objects as Texts, (text) => (text === null ? 0 : dictionary.codeOf(text)));
    }
    this.#objects = null;
  }

  #addTexts(values: Int32Array | readonly (string | null)[], dictionary: Dictionary | null, rows: Picked, at: number): void {
    if (at === 0) this.#dictionary = dictionary;
    if (dictionary !== null && dictionary === this.#dictionary && this.#objects === null) {
      this.#codes = withRoom(this.#codes, at, rows);
      copyCodes(values as Int32Array, this.#codes, rows, at);
      return;
    }
    this.#objects ??= this.#dictionary === null ? [] : textsOf(this.#codes.subarray(0, at), this.#dictionary);
    if (dictionary === null) this.#foreign = at + rows.to - rows.from;
    else if (dictionary !== this.#dictionary) this.#foreign = at;
    this.#dictionary = dictionary;
    const { order, from, to, first } = rows;
    for (let k = from; k < to; k += 1) {
      const value = values[(order === null ? k : order[k]!) - first]!;
      this.#objects.push(dictionary === null ? value : dictionary.strings[value as number]!);
    }
  }

  #addNumbers(values: Float64Array | readonly Int64[], nulls: Uint8Array | null, rows: Picked, at: number): void {
    if (values instanceof Float64Array && this.#objects === null) {
      this.#reals = withRoom(this.#reals, at, rows);
      copyReals(values, this.#reals, rows, at);
    } else {
      this.#objects ??= Array.from(this.#reals.subarray(0, at));
      copyCells(values, this.#objects, rows, at);
    }
    if (nulls === null && this.#nulls === null) return;
    this.#nulls = withRoom(this.#nulls ?? new Uint8Array(at), at, rows);
    if (nulls === null) this.#nulls.fill(0, at, at + rows.to - rows.from);
    else copyCells(nulls, this.#nulls, rows, at);
  }
}

const textsOf = (codes: Int32Array, { strings }: Dictionary): Texts => Array.from(codes, (code) => strings[code]!);

/** Copies rows of `source` to `at` and after. Gaps are closed from the front, so `source` may be `target`. */
function copyReals(source: Float64Array, target: Float64Array, { order, from, to, first }: Picked, at: number): void {
  if (order === null) target.set(source.subarray(from - first, to - first), at);
  else for (let k = from; k < to; k += 1) target[at + k - from] = source[order[k]! - first]!;
}

function copyCodes(source: Int32Array, target: Int32Array, { order, from, to, first }: Picked, at: number): void {
  if (order === null) target.set(source.subarray(from - first, to - first), at);
  else for (let k = from; k < to; k += 1) target[at + k - from] = source[order[k]! - first]!;
}

function copyCells<Value>(source: ArrayLike<Value>, target: Value[] | Uint8Array, { order, from, to, first }: Picked, at: number): void {
  for (let k = from; k < to; k += 1) target[at + k - from] = source[(order === null ? k : order[k]!) - first]! as Value & number;
}

/** `values`, or a longer copy where there is no room at `at` for the rows. */
function withRoom<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, at: number, { from, to }: Picked): Values {
  const length = at + to - from;
  return length <= values.length ? values : resized(values, at, Math.max(length, values.length * 2));
}

/** The first `count` of `values` in an array of `capacity`. */
function resized<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, count: number, capacity: number): Values {
  const other = new (values.constructor as new (length: number) => Values)(capacity);
  other.set(values.subarray(0, count));
  return other;
}
