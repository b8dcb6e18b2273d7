/** Arrays by row that stages and operators hand on. */
import type { Batch, Column } from '../core/batch.js';

let ascending = new Int32Array(0);

/** 0, 1, 2 … up to `length`. */
export function identity(length: number): Int32Array {
  if (ascending.length < length) ascending = Int32Array.from({ length: Math.max(length, 65_536) }, (_, index) => index);
  return ascending;
}

/** Event times of `rows`; null: of the `length` rows from `from` on. */
export function timesOf(time: Float64Array, rows: Int32Array | null, from: number, length: number): Float64Array {
  if (rows === null) return time.subarray(from, from + length);
  const times = new Float64Array(length);
  for (let row = 0; row < length; row += 1) times[row] = time[rows[row]!]!;
  return times;
}

/** Of each of the first `length` of `rows` its value, where `values[0]` is that of row `from`. */
export function picked(values: Int32Array, rows: Int32Array, from: number, length: number): Int32Array {
  const of = new Int32Array(length);
  for (let row = 0; row < length; row += 1) of[row] = values[rows[row]! - from]!;
  return of;
}

/** Of each of the first `length` of `rows`, what kind it is. */
export function kindsOf(kinds: Uint8Array, rows: Int32Array, length: number): Uint8Array {
  const of = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) of[row] = kinds[rows[row]!]!;
  return of;
}

/** The columns, those copied that are a view of `batch`: for who keeps them longer than the batch lasts. */
export function ownColumns(columns: readonly Column[], batch: Batch): readonly Column[] {
  const lent = new Set(batch.columns.map(({ values }) => (values instanceof Float64Array || values instanceof Int32Array ? values.buffer : null)));
  return columns.map((column) => {
    const { values } = column;
    return (values instanceof Float64Array || values instanceof Int32Array) && lent.has(values.buffer) ? ({ ...column, values: values.slice() } as Column) : column;
  });
}
