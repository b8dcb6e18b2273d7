/**
 * A stage is a compiled filter and projection: the stateless part of a plan between two stateful operators.
 * The compiler is in `compile.ts`; this is its contract.
 */
import type { Batch, Column } from '../core/batch.js';
import type { Expression, Place } from './expression.js';
import type { Schema } from '../core/types.js';

export interface StageSpec {
  readonly input: Schema;
  /** Rows for which this is not true are left out. */
  readonly filter: Expression | null;
  readonly outputs: readonly Expression[];
}

/** A row that an expression refused, e.g. an integer division by zero. */
export interface FailedRow {
  /** Index of the row in the input batch. */
  readonly row: number;
  readonly place: Place;
  readonly error: string;
}

export interface StageResult {
  readonly columns: readonly Column[];
  readonly length: number;
  /** Input row of each output row, ascending; null when output row k is input row from + k. */
  readonly rows: Int32Array | null;
  /** Rows left out because an expression failed, ascending. */
  readonly failed: readonly FailedRow[];
}

export interface Stage {
  /**
   * Rows from..to of `batch`. `now[i]` is the value of CURRENT_TIMESTAMP at row i (epoch ms), where the plan uses it.
   * A column that passes through unchanged, with no row left out, is handed on as a view, not a copy. With `lends` the
   * result is valid until the next run only: its arrays are used again.
   */
  run(batch: Batch, from: number, to: number, now: Float64Array | null, lends?: boolean): StageResult;
}
