/** Transactions of one database on their way into a lane, in the order of commits. */
import type { SliceRows } from '../engine/scan-batch.js';

export interface FedTransaction {
  /** Event time of its rows; -Infinity where no table of it has any. */
  readonly time: number;
  /** Its rows in their order, each piece marked as part of a transaction, the last as its end. */
  readonly pieces: readonly SliceRows[];
}

export class CaptureQueue {
  #transactions: FedTransaction[] = [];
  #at = 0;

  /** Tables of the database, as inputs of the pipeline, ascending. */
  constructor(readonly inputs: readonly number[]) {}

  push(transactions: readonly FedTransaction[]): void {
    this.#transactions = [...this.#transactions.slice(this.#at), ...transactions];
    this.#at = 0;
  }

  get isEmpty(): boolean {
    return this.#at === this.#transactions.length;
  }

  get head(): FedTransaction {
    return this.#transactions[this.#at]!;
  }

  shift(): void {
    this.#at += 1;
  }
}
