/** Rows of transactions in the order in which they are applied, whose batches are known only when all of them are there. */
import { positionOf, type ScanBatch } from '../engine/scan-batch.js';
import type { TransactedRows } from '../engine/transacted-rows.js';

/** Rows of one table as the engine has scanned them: some may have been left out. */
export interface ScannedTable {
  readonly batch: ScanBatch;
  /** Position of the first that was to be scanned, and how many those were. */
  readonly first: number;
  readonly length: number;
}

/** Rows that there is room for at first. */
const firstRows = 4096;

export class TransactedBuilder {
  #tables = new Int32Array(firstRows);
  #rows = new Int32Array(firstRows);
  /** Rows. */
  length = 0;
  /** By transaction: the row after its last. */
  #ends: number[] = [];

  /** A row by the number of its table, and by its place among those of the table. */
  add(table: number, row: number): void {
    if (this.length === this.#tables.length) this.#grow();
    this.#tables[this.length] = table;
    this.#rows[this.length] = row;
    this.length += 1;
  }

  /** The transaction is over. One may have no rows. */
  end(): void {
    this.#ends.push(this.length);
  }

  /** Begins anew. `scanned`: by table; null: it has no rows. */
  take(scanned: readonly (ScannedTable | null)[]): TransactedRows {
    const batches = scanned.flatMap((table) => (table === null ? [] : [table.batch]));
    const numbers = scanned.map((table) => (table === null ? -1 : batches.indexOf(table.batch)));
    const places = scanned.map((table) => (table === null || table.batch.batch.length === table.length ? null : placesOf(table)));
    const part = this.#tables, row = this.#rows;
    const ends = new Int32Array(this.#ends.length), times = new Float64Array(this.#ends.length);
    let transactions = 0, at = 0, length = 0;
    for (const end of this.#ends) {
      let time = -Infinity;
      const before = length;
      for (; at < end; at += 1) {
        const table = part[at]!, left = places[table]!, number = numbers[table]!;
        const place = left === null ? row[at]! : left[row[at]!]!;
        if (place < 0) continue;
        part[length] = number;
        row[length] = place;
        length += 1;
        const own = batches[number]!.time[place]!;
        if (own > time) time = own;
      }
      if (length === before) continue;
      ends[transactions] = length;
      times[transactions] = time;
      transactions += 1;
    }
    this.#ends = [];
    // What is handed on keeps its memory: a snapshot of millions of rows says nothing of how many come behind it.
    const room = Math.max(firstRows, Math.min(part.length, 2 * this.length));
    this.#tables = new Int32Array(room);
    this.#rows = new Int32Array(room);
    this.length = 0;
    return { batches, part: part.subarray(0, length), row: row.subarray(0, length), ends: ends.subarray(0, transactions), times: times.subarray(0, transactions) };
  }

  #grow(): void {
    const tables = new Int32Array(2 * this.length), rows = new Int32Array(2 * this.length);
    tables.set(this.#tables);
    rows.set(this.#rows);
    this.#tables = tables;
    this.#rows = rows;
  }
}

/** By row that was to be scanned, where it stands in the batch; -1: it was left out. */
function placesOf({ batch, first, length }: ScannedTable): Int32Array {
  const places = new Int32Array(length).fill(-1);
  for (let row = 0; row < batch.batch.length; row += 1) places[positionOf(batch, row) - first] = row;
  return places;
}
