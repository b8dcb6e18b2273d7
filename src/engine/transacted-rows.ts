/** Rows of whole database transactions, in the order of the log: by row, since most runs of one table's rows are short. */
import type { ScanBatch, SliceRows } from './scan-batch.js';

export interface TransactedRows {
  /** One of each input partition at the most. */
  readonly batches: readonly ScanBatch[];
  /** By row: the number of its batch, and where it stands there. Those of one batch follow each other, none left out. */
  readonly part: Int32Array;
  readonly row: Int32Array;
  /** By transaction: the row after its last, and the greatest event time of its rows. None is empty. */
  readonly ends: Int32Array;
  readonly times: Float64Array;
}

/** Some of the transactions: rows [from, to). */
export interface TransactedSlice {
  readonly rows: TransactedRows;
  /** Transactions [first, end). */
  readonly first: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  /** What it has of each batch, in the order of their first rows. */
  readonly parts: readonly SliceRows[];
}

export const firstRowOf = ({ ends }: TransactedRows, transaction: number): number => (transaction === 0 ? 0 : ends[transaction - 1]!);

/** Transactions [first, end): one at least. */
export function transactedSlice(rows: TransactedRows, first: number, end: number): TransactedSlice {
  const { batches, part, row } = rows;
  const from = firstRowOf(rows, first), to = rows.ends[end - 1]!;
  const counts = new Int32Array(batches.length);
  const parts: { readonly batch: ScanBatch; readonly from: number; to: number }[] = [];
  const numbers: number[] = [];
  for (let at = from; at < to; at += 1) {
    const number = part[at]!;
    if (counts[number] === 0) {
      numbers.push(number);
      parts.push({ batch: batches[number]!, from: row[at]!, to: row[at]! });
    }
    counts[number]! += 1;
  }
  numbers.forEach((number, index) => { parts[index]!.to += counts[number]!; });
  return { rows, first, end, from, to, parts };
}

/** As slices of one batch each. */
export function slicesOf(rows: TransactedRows, first: number, end: number): readonly SliceRows[] {
  const { batches, part, row, ends } = rows;
  const slices: SliceRows[] = [];
  let at = firstRowOf(rows, first);
  for (let transaction = first; transaction < end; transaction += 1) {
    const last = ends[transaction]!;
    while (at < last) {
      const number = part[at]!, from = row[at]!;
      let to = from;
      for (; at < last && part[at] === number; at += 1) to += 1;
      slices.push({ batch: batches[number]!, from, to, transaction: at === last ? 'end' : 'open' });
    }
  }
  return slices;
}
