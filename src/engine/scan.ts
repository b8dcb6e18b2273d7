/** Event times and watermarks of freshly read rows: the same whatever was read before. */
import type { Batch, RealColumn } from '../core/batch.js';
import { gather } from '../core/column-builder.js';
import { eventTimeMax, eventTimeMin, greatestOf, isEventTime, peaksOf, type TimePeaks } from '../core/event-time.js';
import type { Stage } from '../plan/stage.js';
import type { MarkBefore, ScanBatch } from './scan-batch.js';

/** Rows as a source delivers them: the raw columns that the plan reads. */
export interface ReadRows {
  readonly batch: Batch;
  readonly position: number;
  readonly positions: Float64Array | null;
  /** Of the source itself: they count for SOURCE_WATERMARK() only. */
  readonly watermarks: GivenMarks | null;
  /** Of the column that holds the event time, no row of it being NULL, where the reader knows. */
  readonly peaks?: TimePeaks | undefined;
  /** As `ScanBatch.lent`. */
  readonly lent?: boolean | undefined;
}

/** The watermark in force before the first row, after each row, and where rows were left out before the one that follows them. */
export interface GivenMarks {
  readonly before: number;
  readonly after: Float64Array;
  readonly between?: readonly MarkBefore[];
}

/** A row that never entered a step: its event time cannot be used. */
export interface RejectedScan {
  /** Row of the batch that was read. */
  readonly row: number;
  readonly position: number;
  readonly error: string;
  readonly expression: string;
}

export interface ScannedRows {
  readonly batch: ScanBatch;
  /** Rows left out, by position. */
  readonly rejected: readonly RejectedScan[];
}

/** How a table with WATERMARK is scanned. */
export interface TableScan {
  /** Computes event time and, unless the source gives it, the watermark that each row proposes. */
  readonly stage: Stage;
  /** Where the watermark is event time less `delay` milliseconds: computes event time only. `column`: the raw one that is the event time as it stands. */
  readonly delayed: { readonly stage: Stage; readonly delay: number; readonly column: number | null } | null;
}

/** `scan` is null for a table without WATERMARK. Rows whose event time is NULL, or beyond the years that there are, are left out. */
export function scanRows(scan: TableScan | null, input: number, partition: number, read: ReadRows): ScannedRows {
  const { batch, position, positions, watermarks, lent } = read;
  if (scan === null) {
    const time = new Float64Array(batch.length).fill(-Infinity);
    return { batch: { input, partition, batch, time, greatest: -Infinity, marks: time, delay: 0, marksBefore: [], position, positions, lent }, rejected: [] };
  }
  const delayed = scan.delayed === null ? null : scanDelayed(scan.delayed, input, partition, read);
  if (delayed !== null) return { batch: delayed, rejected: [] };
  const { columns: [timeColumn, markColumn], failed, rows: kept, length } = scan.stage.run(batch, 0, batch.length, null);
  const time = timeColumn!.values as Float64Array;
  const nulls = timeColumn!.storage === 'text' ? null : timeColumn!.nulls;
  const given = markColumn === undefined ? watermarks : null;
  const greatest = nulls === null && failed.length === 0 ? greatestEventTime(time, length) : NaN;
  if (!Number.isNaN(greatest)) {
    const marks = given !== null ? given.after : marksOf(markColumn, time);
    return { batch: { input, partition, batch, time, greatest, marks, delay: 0, marksBefore: given === null ? [] : marksBefore(given), position, positions, lent }, rejected: [] };
  }
  const origin = (row: number) => (positions === null ? position + row : positions[row]!);
  const rejected: RejectedScan[] = failed.map(({ row, error, place }) => ({ row, position: origin(row), error, expression: place.text }));
  const rows: number[] = [];
  for (let row = 0; row < length; row += 1) {
    const at = kept === null ? row : kept[row]!;
    const error = nulls !== null && nulls[row] !== 0 ? 'the event time is NULL' : isEventTime(time[row]!) ? null : 'the event time is outside the years 1 to 9999';
    if (error === null) rows.push(row);
    else rejected.push({ row: at, position: origin(at), error, expression: '' });
  }
  rejected.sort((a, b) => a.row - b.row);
  const source = rows.map((row) => (kept === null ? row : kept[row]!));
  const proposed = marksOf(markColumn, time);
  const keptTime = Float64Array.from(rows, (row) => time[row]!);
  const keptGiven = given === null ? null : keptMarks(given, source);
  return {
    batch: {
      input, partition, time: keptTime, greatest: greatestOf(keptTime, 0, keptTime.length, -Infinity),
      batch: { length: rows.length, columns: batch.columns.map((column) => gather(column, source, source.length)) },
      marks: keptGiven?.after ?? Float64Array.from(rows, (row) => proposed[row]!), delay: 0,
      marksBefore: keptGiven === null ? [] : marksBefore(keptGiven), position, positions: Float64Array.from(source, origin),
    },
    rejected,
  };
}

/** The usual case, in which all rows can be used and no mark has to be written; null: it is not. */
function scanDelayed({ stage, delay, column }: NonNullable<TableScan['delayed']>, input: number, partition: number, { batch, position, positions, peaks, lent }: ReadRows): ScanBatch | null {
  const isKnown = peaks !== undefined && column !== null;
  const { columns: [timeColumn], failed } = isKnown ? { columns: [batch.columns[column]], failed: [] } : stage.run(batch, 0, batch.length, null);
  if (failed.length > 0 || (timeColumn as RealColumn).nulls !== null) return null;
  const time = timeColumn!.values as Float64Array;
  const { least, greatest: highs } = isKnown ? peaks : peaksOf(time);
  const greatest = greatestOf(highs, 0, highs.length, -Infinity);
  if (batch.length > 0 && !(least >= eventTimeMin + delay && greatest <= eventTimeMax)) return null;
  return { input, partition, batch, time, greatest, peaks: highs, marks: null, delay, marksBefore: [], position, positions, lent };
}

/** NaN when one of them is none. */
function greatestEventTime(time: Float64Array, length: number): number {
  let greatest = -Infinity;
  for (let row = 0; row < length; row += 1) {
    const at = time[row]!;
    if (!(at >= eventTimeMin)) return NaN;
    if (at > greatest) greatest = at;
  }
  return greatest <= eventTimeMax ? greatest : NaN;
}

const marksBefore = ({ before, between = [] }: GivenMarks): readonly MarkBefore[] =>
  (before > -Infinity ? [{ row: 0, mark: before }, ...between] : between);

/**
 * For some of the rows, which stand between others that count no more. A mark among those stands before the next row:
 * so it does when the row before it came in another batch.
 */
export function keptMarks(given: GivenMarks, rows: readonly number[]): GivenMarks {
  const { before, after, between = [] } = given;
  const known = new Map(between.map(({ row, mark }) => [row, mark]));
  const inForce = (row: number): number => known.get(row) ?? (row === 0 ? before : after[row - 1]!);
  const kept = { before: rows.length === 0 ? before : inForce(rows[0]!), after: Float64Array.from(rows, (row) => after[row]!), between: [] as MarkBefore[] };
  for (let index = 1; index < rows.length; index += 1) {
    const mark = inForce(rows[index]!);
    if (mark > kept.after[index - 1]!) kept.between.push({ row: index, mark });
  }
  return kept;
}

function marksOf(column: { values: unknown; nulls?: Uint8Array | null } | undefined, time: Float64Array): Float64Array {
  if (column === undefined) return new Float64Array(time.length).fill(-Infinity);
  const values = column.values as Float64Array;
  const nulls = column.nulls ?? null;
  return nulls === null ? values : values.map((value, row) => (nulls[row] === 0 ? value : -Infinity));
}
