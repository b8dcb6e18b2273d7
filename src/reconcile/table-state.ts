/** A table as it stands somewhere: in a run, in a recording, in the database. */
import type { Schema } from '../core/types.js';
import type { RowValues } from '../sources/row-columns.js';

/** What is compared: columns that both sides have, and by which a row is known. */
export interface TableShape {
  readonly name: string;
  readonly columns: Schema;
  /** Names of columns. */
  readonly key: readonly string[];
}

export interface TableState {
  /** For people: whose it is. */
  readonly from: string;
  /** Values in the order of the shape's columns, rows in any order, some at a time. */
  readonly rows: () => AsyncIterable<readonly RowValues[]>;
  /** What stands in the way of taking it for the truth: gaps, what is not whole, what cannot be read. */
  readonly remarks?: readonly string[];
}

type Cell = RowValues[number];

/** As the digest takes them: one NaN, one zero. */
export const isSame = (a: Cell, b: Cell): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** By the key: NULL before all, NaN behind all. */
export function keyOrder({ columns, key }: TableShape): (a: RowValues, b: RowValues) => number {
  const places = key.map((name) => columns.findIndex((column) => column.name === name));
  return (a, b) => {
    for (const place of places) if (!isSame(a[place]!, b[place]!)) return order(a[place]!, b[place]!);
    return 0;
  };
}

function order(a: Cell, b: Cell): number {
  if (a === null || b === null) return a === null ? -1 : 1;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
  return a < b ? -1 : 1;
}
