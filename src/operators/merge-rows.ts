/** Several edges into one: by (releasing row, causing time, branch, order within the branch). */
import { concatColumns } from '../core/column-bytes.js';
import { gather } from '../core/column-builder.js';
import { noRows, type Rows } from './operator.js';

export function mergeRows(branches: readonly Rows[]): Rows {
  const filled = branches.filter((rows) => rows.batch.length > 0);
  if (filled.length === 0) return noRows;
  if (filled.length === 1) return filled[0]!;
  const lengths = filled.map((rows) => rows.batch.length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const released = new Int32Array(total);
  const time = new Float64Array(total);
  let at = 0;
  for (const rows of filled) {
    released.set(rows.released.subarray(0, rows.batch.length), at);
    time.set(rows.time.subarray(0, rows.batch.length), at);
    at += rows.batch.length;
  }
  const order = Int32Array.from({ length: total }, (_, row) => row);
  // Branches stand one after the other, so their index decides what is left of a tie.
  order.sort((a, b) => released[a]! - released[b]! || (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : a - b));
  const kinds = filled.some((rows) => rows.kinds !== undefined) ? mergeKinds(filled, order) : undefined;
  const columns = filled[0]!.batch.columns.map((_, index) =>
    gather(concatColumns(filled.map((rows) => rows.batch.columns[index]!), lengths), order, total));
  return {
    batch: { length: total, columns },
    released: Int32Array.from(order, (row) => released[row]!),
    time: Float64Array.from(order, (row) => time[row]!),
    kinds,
  };
}

function mergeKinds(branches: readonly Rows[], order: Int32Array): Uint8Array {
  const kinds = new Uint8Array(order.length);
  let at = 0;
  for (const rows of branches) {
    if (rows.kinds !== undefined) kinds.set(rows.kinds.subarray(0, rows.batch.length), at);
    at += rows.batch.length;
  }
  return Uint8Array.from(order, (row) => kinds[row]!);
}
