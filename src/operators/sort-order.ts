/** Rows by ORDER BY: kept as arrays of cells. */
import { cell, type Column } from '../core/batch.js';
import type { Int64 } from '../core/types.js';
import type { SortKey } from '../plan/plan.js';
import { compareValues } from './accumulator.js';

/** The cells of a row, by column; NULL as null. */
export type Cell = Int64 | string | null;
export type Cells = readonly Cell[];

export const cellsOf = (columns: readonly Column[], row: number): Cell[] => columns.map((column) => cell(column, row));

export class SortOrder {
  constructor(private readonly keys: readonly SortKey[]) {}

  /** Negative where `a` comes before `b`, 0 where neither does. */
  compare(a: Cells, b: Cells): number {
    for (const { column, descending, nullsLast } of this.keys) {
      const left = a[column]!;
      const right = b[column]!;
      if (left === null || right === null) {
        if (left !== right) return (left === null) === nullsLast ? 1 : -1;
        continue;
      }
      const order = compareValues(left, right);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  }

  /** How many of `rows`, which are in order, come before `row`, or with `peers` before it or beside it. */
  countBefore(rows: readonly Cells[], row: Cells, peers: boolean): number {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compare(rows[middle]!, row);
      if (order < 0 || (peers && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
