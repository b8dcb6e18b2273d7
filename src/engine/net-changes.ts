/**
 * Of the changes that one database transaction caused in an output, those that are left at its end: what was there only
 * between two of its rows is never shown.
 */
import { cell, isSameCell, type Column } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE, isAdded } from '../core/row-kind.js';
import type { Rows } from '../operators/operator.js';

/**
 * `transactions`: see `ChunkSource`. `key`: columns by which a row replaces another; without, equal rows that were added
 * and taken back make up for each other. Rows of no transaction stay as they are. The kinds are to be used before the next call.
 */
export function netted(rows: Rows, transactions: Int32Array | null, key: readonly number[] | null): Changes {
  const { length } = rows.batch;
  if (transactions === null || length === 0 || faults.transactionsShown) return rows;
  const { released } = rows;
  if (kept.length < length) {
    kept = new Int32Array(2 * length);
    releasers = new Int32Array(2 * length);
    kinds = new Uint8Array(2 * length);
  }
  const net = new Net(rows.batch.columns, released, rows.kinds ?? new Uint8Array(length), key);
  for (let from = 0; from < length;) {
    const end = transactions[released[from]!]!;
    let to = from + 1;
    while (end >= 0 && to < length && transactions[released[to]!] === end) to += 1;
    net.add(from, to, end >= 0);
    from = to;
  }
  const { length: left } = net;
  // The usual case: what each transaction did is what is left of it.
  if (net.isWhole && left === length) return { batch: rows.batch, released, kinds };
  const leftReleased = new Int32Array(left);
  for (let row = 0; row < left; row += 1) leftReleased[row] = released[releasers[row]!]!;
  return { batch: { length: left, columns: rows.batch.columns.map((column) => gather(column, kept, left)) }, released: leftReleased, kinds };
}

/** Of an output, without times. `kinds` may be longer than the batch. */
export type Changes = Pick<Rows, 'batch' | 'released' | 'kinds'>;

/** Rows that are left, those that came with what let them go, and what they say: of the call that came last. */
let kept = new Int32Array(0);
let releasers = new Int32Array(0);
let kinds = new Uint8Array(0);

/** Rows of one transaction that are compared with each other. */
const few = 16;
/** Of the keys of few rows, in the order of their last change: what was there before, what is after, and the last row. */
const befores = new Int32Array(few), afters = new Int32Array(few), lasts = new Int32Array(few);

class Net {
  /** Rows that are left. */
  length = 0;
  /** Whether no row was left out so far, and each was let go by what it came with. */
  isWhole = true;

  /** The key, where that is one number which is never NULL. */
  readonly #number: Float64Array | null;

  constructor(private readonly columns: readonly Column[], private readonly released: Int32Array, private readonly given: Uint8Array, private readonly key: readonly number[] | null) {
    const only = key?.length === 1 ? columns[key[0]!]! : null;
    this.#number = only !== null && only.storage !== 'text' && only.nulls === null && only.values instanceof Float64Array ? only.values : null;
  }

  /** `releaser`: the row that came with what made this one the last word of its transaction. */
  #keep(row: number, kind: number, releaser: number): void {
    if (row !== this.length || this.released[row] !== this.released[releaser]) this.isWhole = false;
    kept[this.length] = row;
    releasers[this.length] = releaser;
    kinds[this.length] = kind;
    this.length += 1;
  }

  /** The rows [from, to): of one transaction, or of none. */
  add(from: number, to: number, isTransaction: boolean): void {
    if (!isTransaction || to === from + 1) for (let row = from; row < to; row += 1) this.#keep(row, this.given[row]!, row);
    else if (this.key === null) this.#byRow(from, to);
    else if (to === from + 2 && this.given[from] === UPDATE_BEFORE && this.given[from + 1] === UPDATE_AFTER && this.#areOfOneKey(from, from + 1, this.key)) this.#left(from, from + 1, from + 1);
    else if (to - from <= few) this.#byKeyOfFew(from, to, this.key);
    else this.#byKey(from, to, this.key);
  }

  /** Each key in the order of its last change: what was there before the transaction, and what is after it. */
  #byKey(from: number, to: number, key: readonly number[]): void {
    const found = new Map<NameOfRow, { before: number; after: number; last: number }>();
    for (let row = from; row < to; row += 1) {
      const name = this.#name(row, key);
      const known = found.get(name);
      const added = isAdded(this.given[row]!);
      found.delete(name);
      if (known === undefined) found.set(name, { before: added ? -1 : row, after: added ? row : -1, last: row });
      else found.set(name, { before: known.before, after: added ? row : -1, last: row });
    }
    for (const { before, after, last } of found.values()) this.#left(before, after, last);
  }

  /** As `#byKey`, by looking at each: few rows are compared sooner than named. */
  #byKeyOfFew(from: number, to: number, key: readonly number[]): void {
    let count = 0;
    for (let row = from; row < to; row += 1) {
      let known = count - 1;
      while (known >= 0 && !this.#areOfOneKey(lasts[known]!, row, key)) known -= 1;
      const added = isAdded(this.given[row]!);
      const before = known >= 0 ? befores[known]! : added ? -1 : row;
      if (known < 0) count += 1;
      else {
        for (; known < count - 1; known += 1) {
          befores[known] = befores[known + 1]!;
          afters[known] = afters[known + 1]!;
          lasts[known] = lasts[known + 1]!;
        }
      }
      befores[count - 1] = before;
      afters[count - 1] = added ? row : -1;
      lasts[count - 1] = row;
    }
    for (let index = 0; index < count; index += 1) this.#left(befores[index]!, afters[index]!, lasts[index]!);
  }

  /**
   * Of one key, by row: what was there before the transaction, and what is after it; -1: nothing. All of it goes with the
   * `last` of its changes: what is taken back and what replaces it are one change, whichever rows of the transaction they came with.
   */
  #left(before: number, after: number, last: number): void {
    if (before < 0 && after < 0) return;
    if (before >= 0 && after >= 0) {
      if (this.#areWhollySame(before, after)) return;
      this.#keep(before, UPDATE_BEFORE, last);
      this.#keep(after, UPDATE_AFTER, last);
    } else if (before >= 0) this.#keep(before, DELETE, last);
    else this.#keep(after, INSERT, last);
  }

  #areOfOneKey(one: number, other: number, key: readonly number[]): boolean {
    if (this.#number !== null) return Object.is(this.#number[one], this.#number[other]);
    for (let index = 0; index < key.length; index += 1) if (!isSameCell(this.columns[key[index]!]!, one, other)) return false;
    return true;
  }

  /** What changes mostly stands behind what it is about. */
  #areWhollySame(one: number, other: number): boolean {
    for (let index = this.columns.length - 1; index >= 0; index -= 1) if (!isSameCell(this.columns[index]!, one, other)) return false;
    return true;
  }

  /** What is taken back first, then what is there more often than before. */
  #byRow(from: number, to: number): void {
    const all = this.columns.map((_, index) => index);
    const counts = new Map<NameOfRow, number>();
    for (let row = from; row < to; row += 1) {
      const name = this.#name(row, all);
      counts.set(name, (counts.get(name) ?? 0) + (isAdded(this.given[row]!) ? 1 : -1));
    }
    for (const added of [false, true]) {
      for (let row = from; row < to; row += 1) {
        const name = this.#name(row, all);
        const left = counts.get(name)!;
        if (isAdded(this.given[row]!) !== added || (added ? left <= 0 : left >= 0)) continue;
        this.#keep(row, added ? INSERT : DELETE, row);
        counts.set(name, left + (added ? -1 : 1));
      }
    }
  }

  /** Different names for different values: −0 is not 0, NULL no text. */
  #name(row: number, columns: readonly number[]): NameOfRow {
    // The value of a single column is its own name, but for the zero that a map does not tell from the other.
    if (columns.length === 1) {
      const value = cell(this.columns[columns[0]!]!, row);
      return Object.is(value, -0) ? '-0' : value;
    }
    let name = '';
    for (const index of columns) {
      const value = cell(this.columns[index]!, row);
      const text = value === null ? '' : Object.is(value, -0) ? '-0' : String(value);
      name += value === null ? 'n' : `${text.length}:${text}`;
    }
    return name;
  }
}

type NameOfRow = ReturnType<typeof cell>;
