/** Rows of one input partition as the engine takes them: raw columns, and what each row does to event time. */
import type { Batch } from '../core/batch.js';

/** A watermark in force before row `row`. */
export interface MarkBefore {
  readonly row: number;
  readonly mark: number;
}

export interface ScanBatch {
  readonly input: number;
  readonly partition: number;
  /** The raw columns that the plan reads. */
  readonly batch: Batch;
  /** Event time, epoch ms; -Infinity for tables without WATERMARK. */
  readonly time: Float64Array;
  /** Greatest event time of the batch; -Infinity when it is empty. */
  readonly greatest: number;
  /** Of each `peakRows` rows from the first on, where it is known: who looks for a time need not look at every row. */
  readonly peaks?: Float64Array | undefined;
  /** The watermark that each row proposes (the greatest so far counts), -Infinity: none; null: `delay` behind its event time. */
  readonly marks: Float64Array | null;
  /** Milliseconds; 0 with `marks`. */
  readonly delay: number;
  /** Watermarks of the source itself that no row of the batch comes with, by the row that they stand before. */
  readonly marksBefore: readonly MarkBefore[];
  /** Position of row i: `positions[i]`, or `position + i` when null. */
  readonly position: number;
  readonly positions: Float64Array | null;
  /** Its arrays are used for other rows once those of a later batch have run: who keeps rows keeps copies. */
  readonly lent?: boolean | undefined;
}

export function positionOf(batch: ScanBatch, row: number): number {
  return batch.positions === null ? batch.position + row : batch.positions[row]!;
}

/** What row `row` proposes. */
export function markOf(batch: ScanBatch, row: number): number {
  return batch.marks === null ? batch.time[row]! - batch.delay : batch.marks[row]!;
}

/** What each row proposes. */
export const marksIn = (batch: ScanBatch): Float64Array => batch.marks ?? batch.time.map((at) => at - batch.delay);

/** Rows from..to of a scan batch: a slice of a step, or a part of one. */
export interface SliceRows {
  readonly batch: ScanBatch;
  readonly from: number;
  readonly to: number;
  /** Greatest event time among them, where it is known. */
  readonly greatest?: number;
  /** They are rows of a database transaction, which goes on after them or ends with them. One lies in one batch of each partition. */
  readonly transaction?: 'open' | 'end';
}
