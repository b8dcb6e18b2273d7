/** What a join gives within one chunk: pairs of slots, -1 where a row has no partner, made rows at the end. */
import { printable, type Batch, type Column } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import type { JoinSpec } from './join.js';
import { noRows, type Report, type Rows } from './operator.js';

export class Pairs {
  left = new Int32Array(1024);
  right = new Int32Array(1024);
  released = new Int32Array(1024);
  time = new Float64Array(1024);
  length = 0;

  add(left: number, right: number, released: number, time: number): void {
    const at = this.length;
    if (at === this.left.length) this.#grow();
    this.left[at] = left;
    this.right[at] = right;
    this.released[at] = released;
    this.time[at] = time;
    this.length = at + 1;
  }

  clear(): void {
    this.length = 0;
    // An unusual chunk does not hold its memory for ever.
    if (this.left.length > 2 ** 20) {
      this.left = new Int32Array(1024);
      this.right = new Int32Array(1024);
      this.released = new Int32Array(1024);
      this.time = new Float64Array(1024);
    }
  }

  /**
   * Leaves only pairs for which the join's condition holds. One that it fails for is reported, and is none. `columns`
   * are both sides' by slot; no row is without partner yet.
   */
  match({ condition, inputs, place }: JoinSpec, [lefts, rights]: readonly [readonly Column[], readonly Column[]], report: Report): void {
    if (condition === null || this.length === 0) return;
    const { length } = this;
    const columns = [...lefts.map((column) => gather(column, this.left, length)), ...rights.map((column) => gather(column, this.right, length))];
    const batch: Batch = { length, columns };
    const result = condition.run(batch, 0, length, null);
    const names = [...inputs[0], ...inputs[1]].map((field) => field.name);
    for (const { row, error, place: at } of result.failed) {
      const printed = JSON.stringify(Object.fromEntries(names.map((name, index) => [name, printable(columns[index]!, row)])));
      report.failed({ released: this.released[row]!, time: this.time[row]!, place: at ?? place, error, row: printed });
    }
    if (result.rows === null) this.length = result.length;
    else this.#keep(result.rows, result.length);
  }

  #keep(rows: Int32Array, length: number): void {
    for (let at = 0; at < length; at += 1) {
      const row = rows[at]!;
      this.left[at] = this.left[row]!;
      this.right[at] = this.right[row]!;
      this.released[at] = this.released[row]!;
      this.time[at] = this.time[row]!;
    }
    this.length = length;
  }

  /** The pairs as rows, by (released, time), else as they were added. `rights` is null where only the left is given. */
  rows(lefts: readonly Column[], rights: readonly Column[] | null): Rows {
    const { length } = this;
    if (length === 0) return noRows;
    const order = this.#order();
    if (order !== null) this.#reorder(order);
    const columns = [
      ...lefts.map((column) => gatherPadded(column, this.left, length)),
      ...(rights === null ? [] : rights.map((column) => gatherPadded(column, this.right, length))),
    ];
    return { batch: { length, columns }, released: this.released.slice(0, length), time: this.time.slice(0, length) };
  }

  /** The order of leaving; null where they stand in it. Rows without partner come after the pairs: two runs, merged. */
  #order(): Int32Array | null {
    const { released, time, length } = this;
    const first = this.#runEnd(0);
    if (first === length) return null;
    const order = new Int32Array(length);
    if (this.#runEnd(first) < length) {
      for (let at = 0; at < length; at += 1) order[at] = at;
      return order.sort((a, b) => released[a]! - released[b]! || time[a]! - time[b]! || a - b);
    }
    for (let a = 0, b = first, at = 0; at < length; at += 1) {
      const takesFirst = b === length || (a < first && (released[a]! - released[b]! || time[a]! - time[b]!) <= 0);
      order[at] = takesFirst ? a++ : b++;
    }
    return order;
  }

  /** The end of the run from `start` on in which (released, time) does not descend. */
  #runEnd(start: number): number {
    const { released, time, length } = this;
    let at = start + 1;
    while (at < length && (released[at - 1]! < released[at]! || (released[at - 1] === released[at] && time[at - 1]! <= time[at]!))) at += 1;
    return Math.min(at, length);
  }

  #reorder(order: Int32Array): void {
    const { left, right, released, time } = this;
    this.left = order.map((at) => left[at]!);
    this.right = order.map((at) => right[at]!);
    this.released = order.map((at) => released[at]!);
    this.time = Float64Array.from(order, (at) => time[at]!);
  }

  #grow(): void {
    const { left, right, released, time } = this;
    const capacity = left.length * 2;
    this.left = new Int32Array(capacity);
    this.left.set(left);
    this.right = new Int32Array(capacity);
    this.right.set(right);
    this.released = new Int32Array(capacity);
    this.released.set(released);
    this.time = new Float64Array(capacity);
    this.time.set(time);
  }
}

/** Rows of a column by slot; NULL at -1. */
export function gatherPadded(column: Column, slots: Int32Array, length: number): Column {
  let padded = 0;
  while (padded < length && slots[padded]! >= 0) padded += 1;
  if (padded === length) return gather(column, slots, length);
  if (column.storage === 'text') {
    if (column.dictionary !== null) {
      const codes = new Int32Array(length);
      for (let row = 0; row < length; row += 1) codes[row] = slots[row]! < 0 ? 0 : column.values[slots[row]!]!;
      return { storage: 'text', values: codes, dictionary: column.dictionary };
    }
    return { storage: 'text', dictionary: null, values: Array.from({ length }, (_, row) => (slots[row]! < 0 ? null : column.values[slots[row]!]!)) };
  }
  const nulls = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) nulls[row] = slots[row]! < 0 ? 1 : (column.nulls?.[slots[row]!] ?? 0);
  const source = column.values;
  if (source instanceof Float64Array) {
    const values = new Float64Array(length);
    for (let row = 0; row < length; row += 1) values[row] = slots[row]! < 0 ? 0 : source[slots[row]!]!;
    return { storage: column.storage, values, nulls } as Column;
  }
  return { storage: 'int64', nulls, values: Array.from({ length }, (_, row) => (slots[row]! < 0 ? 0 : source[slots[row]!]!)) };
}
