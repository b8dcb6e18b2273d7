/** What runs between two stages: the port of stateful operators, and the rows that flow between nodes. */
import type { Batch } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { PageLimits } from '../core/keyed-pages.js';
import type { Place } from '../plan/expression.js';

/**
 * Rows on an edge of the plan within one chunk. `released[k]` is the chunk row that let row k out (it ascends):
 * the row itself for a stateless edge, the row whose watermark fired a window otherwise. `time[k]` is the causing
 * time: event time, or window end − 1.
 */
export interface Rows {
  readonly batch: Batch;
  readonly released: Int32Array;
  readonly time: Float64Array;
  /** What each row says, numbered as in core/row-kind.ts; none: all are added. */
  readonly kinds?: Uint8Array | undefined;
}

export const noRows: Rows = { batch: { length: 0, columns: [] }, released: new Int32Array(0), time: new Float64Array(0) };

/** Consecutive rows [from, to) of one input partition, by index into its scan batch. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** An operator's watermark on its way through a chunk: before its first row, and after each row (by scan-batch index). */
export interface WatermarkPath {
  readonly before: number;
  readonly after: Float64Array;
  /** By chunk row: the greatest event time up to it, where the plan asks for the time. For time-to-live. */
  readonly now?: Float64Array | null;
}

export interface Refusal {
  readonly rows: Rows;
  /** Index into `rows`. */
  readonly row: number;
  readonly watermark: number;
  readonly windowStart: number | null;
  readonly windowEnd: number | null;
  readonly reason: string;
}

/** A result row that could not be computed, e.g. because an integer sum overflowed. */
export interface FailedResult {
  readonly released: number;
  readonly time: number;
  readonly place: Place;
  readonly error: string;
  /** The row's keys and window, as JSON. */
  readonly row: string;
}

/** Where an operator reports rows that it does not use. */
export interface Report {
  late(refusal: Refusal): void;
  failed(failure: FailedResult): void;
}

/** State of an operator: all that is not its configuration. */
export interface Stateful {
  /** Writes the state; returns the part of it that is kept in pages, whose bytes never change from here on. */
  snapshot(writer: ByteWriter): readonly Uint8Array[] | void;
  /** Into a new operator. `pages`: those that `snapshot` returned, not to be changed. */
  restore(reader: ByteReader, pages: readonly Uint8Array[]): void;
  /** Other limits than the usual ones, before the first row. */
  limitPages?(limits: PageLimits): void;
}

export interface Operator extends Stateful {
  readonly name: string;
  /**
   * Takes the rows of one chunk and moves the watermark along with it: a row is judged by the watermark before the
   * row that released it; what the watermark releases leaves in order of (releasing row, causing time, key, arrival).
   */
  process(rows: Rows, chunk: Chunk, watermark: WatermarkPath, report: Report): Rows;
}

/**
 * An operator over two inputs. Rows of both are taken in the order of the chunk rows that released them, the left's
 * first where they are equal; otherwise as an `Operator`.
 */
export interface TwoInputOperator extends Stateful {
  readonly name: string;
  process(left: Rows, right: Rows, chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report]): Rows;
}

/** The watermark before the row released by chunk row `released`. */
export function watermarkBefore(path: WatermarkPath, chunk: Chunk, released: number): number {
  return released > chunk.from ? path.after[released - 1]! : path.before;
}

/** The first chunk row after which the watermark is at least `time`. It must be reached within the chunk. */
export function releaseOf(path: WatermarkPath, chunk: Chunk, time: number): number {
  let low = chunk.from;
  let high = chunk.to - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (path.after[middle]! >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}
