/** The tables that all statements of a set read: random rows, in order or not, late or not. */
import fc from 'fast-check';
import type { Cell } from '../laws/support/cells.js';
import { tableFields } from '../laws/support/query.js';
import { randomRows, type Row } from '../laws/support/random-rows.js';

export interface WorldTable {
  /** Integers whose sums leave their type. */
  readonly wild: boolean;
  /** Milliseconds by which the watermark stays behind. */
  readonly delay: number;
  /** Rows may be at or below the watermark when they come. */
  readonly late: boolean;
  /** Event times never fall. */
  readonly sorted: boolean;
  /** Rows in the order of arrival, cells in that of `tableFields`. */
  readonly rows: readonly Row[];
}

export type World = readonly WorldTable[];

const rowtime = tableFields.length - 1;

/** Flink fails a job at a row without event time. */
const timed = (rows: readonly Row[]): Row[] => rows.filter((row) => row[rowtime] !== null);

/** Flink's watermarks and the clock of its bounded OVER start at 1970. The shift is a whole number of all windows. */
const after1970 = (rows: readonly Row[]): Row[] => {
  const shift = rows.every((row) => (row[rowtime] as number) > 0) ? 0 : 946_684_800_000;
  return rows.map((row) => row.with(rowtime, (row[rowtime] as number) + shift));
};

const byTime = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (a[rowtime] as number) - (b[rowtime] as number));

/** Integers small enough for sums to stay within their type: Flink wraps around beyond, and we refuse. */
const tame = (rows: readonly Row[]): Row[] => rows.map((row) => row.map((cell, column) => {
  const { kind } = tableFields[column]!;
  return kind === 'BIGINT' ? clamped(cell, 1n << 55n) : kind === 'INT' ? clamped(cell, 1n << 24n) : cell;
}));

function clamped(cell: Cell, limit: bigint): Cell {
  const value = cell as bigint | null;
  return value === null ? null : value > limit ? limit : value < -limit ? -limit : value;
}

interface TableDraw {
  readonly delay: number;
  readonly late: boolean;
  readonly sorted: boolean;
  readonly wild: boolean;
}

/** Of each kind that matters: strictly ordered; with peers; out of order within the delay, twice; late; late and huge. */
const draws: readonly TableDraw[] = [
  { delay: 0, late: false, sorted: true, wild: false }, { delay: 1000, late: false, sorted: true, wild: false },
  { delay: 5000, late: false, sorted: false, wild: false }, { delay: 1000, late: false, sorted: false, wild: false },
  { delay: 0, late: true, sorted: false, wild: false }, { delay: 1000, late: true, sorted: false, wild: false }, { delay: 5000, late: true, sorted: false, wild: true },
];

export const worlds: fc.Arbitrary<World> = fc.tuple(...draws.map((draw) =>
  randomRows({ disorder: draw.late ? 'late' : 'none', delay: draw.delay, parity: null, rowsMax: 60 })
    .filter((rows) => rows.length >= 15)
    .map((rows): WorldTable => {
      const usable = after1970(draw.wild ? timed(rows) : tame(timed(rows)));
      return { ...draw, rows: draw.sorted ? byTime(usable) : usable };
    })));
