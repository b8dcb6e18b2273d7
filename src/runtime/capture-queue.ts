/** Transactions of one database on their way into a lane, in the order of commits. */
import type { TransactedRows } from '../engine/transacted-rows.js';

export class CaptureQueue {
  #rows: TransactedRows[] = [];
  /** Of the first of them, the transaction that is next. */
  #next = 0;

  /** Tables of the database, as inputs of the pipeline, ascending. */
  constructor(readonly inputs: readonly number[]) {}

  push(rows: TransactedRows): void {
    if (rows.ends.length > 0) this.#rows.push(rows);
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  get rows(): TransactedRows {
    return this.#rows[0]!;
  }

  get next(): number {
    return this.#next;
  }

  /** Event time of the next transaction; -Infinity where no table of it has any. */
  get time(): number {
    return this.rows.times[this.#next]!;
  }

  /** Transactions of `rows` before `end` are in the lane. */
  pass(end: number): void {
    const isOver = end === this.rows.ends.length;
    if (isOver) this.#rows.shift();
    this.#next = isOver ? 0 : end;
  }
}
