/**
 * Of the changes that one database transaction caused in an output, those that are left at its end: what was there only
 * between two of its rows is never shown.
 */
import { cell, type Column } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE, isAdded } from '../core/row-kind.js';
import type { Rows } from '../operators/operator.js';

/**
 * `transactions`: see `ChunkSource`. `key`: columns by which a row replaces another; without, equal rows that were added
 * and taken back make up for each other. Rows of no transaction stay as they are.
 */
export function netted(rows: Rows, transactions: Int32Array | null, key: readonly number[] | null): Rows {
  const { length } = rows.batch;
  if (transactions === null || length === 0 || faults.transactionsShown) return rows;
  const kinds = rows.kinds ?? new Uint8Array(length);
  const net = new Net(rows.batch.columns, kinds, key);
  for (let from = 0; from < length;) {
    const end = transactions[rows.released[from]!]!;
    let to = from + 1;
    while (end >= 0 && to < length && transactions[rows.released[to]!] === end) to += 1;
    if (end < 0 || to === from + 1) for (let row = from; row < to; row += 1) net.keep(row, kinds[row]!);
    else net.add(from, to);
    from = to;
  }
  const kept = net.rows;
  // The usual case: what each transaction did is what is left of it.
  if (kept.length === length && kept.every((row, index) => row === index)) return { batch: rows.batch, released: rows.released, time: rows.time, kinds: Uint8Array.from(net.kinds) };
  return {
    batch: { length: kept.length, columns: rows.batch.columns.map((column) => gather(column, kept, kept.length)) },
    released: Int32Array.from(kept, (row) => rows.released[row]!), time: Float64Array.from(kept, (row) => rows.time[row]!),
    kinds: Uint8Array.from(net.kinds),
  };
}

/** Rows of one transaction that are compared with each other. */
const few = 16;

class Net {
  readonly rows: number[] = [];
  readonly kinds: number[] = [];
  readonly #all: readonly number[];

  constructor(private readonly columns: readonly Column[], private readonly given: Uint8Array, private readonly key: readonly number[] | null) {
    this.#all = columns.map((_, index) => index);
  }

  keep(row: number, kind: number): void {
    this.rows.push(row);
    this.kinds.push(kind);
  }

  /** The rows [from, to) of one transaction. */
  add(from: number, to: number): void {
    if (this.key === null) this.#byRow(from, to);
    else if (to - from <= few) this.#byKeyOfFew(from, to, this.key);
    else this.#byKey(from, to, this.key);
  }

  /** Each key in the order of its last change: what was there before the transaction, and what is after it. */
  #byKey(from: number, to: number, key: readonly number[]): void {
    const found = new Map<string, { before: number; after: number }>();
    for (let row = from; row < to; row += 1) {
      const name = this.#name(row, key);
      const known = found.get(name);
      const added = isAdded(this.given[row]!);
      found.delete(name);
      if (known === undefined) found.set(name, { before: added ? -1 : row, after: added ? row : -1 });
      else found.set(name, { before: known.before, after: added ? row : -1 });
    }
    for (const { before, after } of found.values()) this.#left(before, after);
  }

  /** As `#byKey`, by looking at each: few rows are compared sooner than named. */
  #byKeyOfFew(from: number, to: number, key: readonly number[]): void {
    const befores: number[] = [], afters: number[] = [], last: number[] = [];
    for (let row = from; row < to; row += 1) {
      let known = last.length - 1;
      while (known >= 0 && !this.#areSame(last[known]!, row, key)) known -= 1;
      const added = isAdded(this.given[row]!);
      const before = known >= 0 ? befores[known]! : added ? -1 : row;
      if (known >= 0) for (const list of [befores, afters, last]) list.splice(known, 1);
      befores.push(before);
      afters.push(added ? row : -1);
      last.push(row);
    }
    for (let index = 0; index < last.length; index += 1) this.#left(befores[index]!, afters[index]!);
  }

  /** Of one key, by row: what was there before the transaction, and what is after it; -1: nothing. */
  #left(before: number, after: number): void {
    if (before < 0 && after < 0) return;
    if (before >= 0 && after >= 0) {
      if (this.#areSame(before, after, this.#all)) return;
      this.keep(before, UPDATE_BEFORE);
      this.keep(after, UPDATE_AFTER);
    } else if (before >= 0) this.keep(before, DELETE);
    else this.keep(after, INSERT);
  }

  #areSame(one: number, other: number, columns: readonly number[]): boolean {
    for (const index of columns) if (!Object.is(cell(this.columns[index]!, one), cell(this.columns[index]!, other))) return false;
    return true;
  }

  /** What is taken back first, then what is there more often than before. */
  #byRow(from: number, to: number): void {
    const counts = new Map<string, number>();
    for (let row = from; row < to; row += 1) {
      const name = this.#name(row, this.#all);
      counts.set(name, (counts.get(name) ?? 0) + (isAdded(this.given[row]!) ? 1 : -1));
    }
    for (const added of [false, true]) {
      for (let row = from; row < to; row += 1) {
        const name = this.#name(row, this.#all);
        const left = counts.get(name)!;
        if (isAdded(this.given[row]!) !== added || (added ? left <= 0 : left >= 0)) continue;
        this.keep(row, added ? INSERT : DELETE);
        counts.set(name, left + (added ? -1 : 1));
      }
    }
  }

  /** Different texts for different values: −0 is not 0, NULL no text. */
  #name(row: number, columns: readonly number[]): string {
    let name = '';
    for (const index of columns) {
      const value = cell(this.columns[index]!, row);
      const text = value === null ? '' : Object.is(value, -0) ? '-0' : String(value);
      name += value === null ? 'n' : `${text.length}:${text}`;
    }
    return name;
  }
}
